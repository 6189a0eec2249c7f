/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data.nano;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.dsvlm.data.NotoArchive;
import org.junit.jupiter.api.Assumptions;

/** The Noto pictures of the build, read once for all tests. */
public final class NanoArchive {
  private static final Path FILE = Path.of("target", "noto", "emoji-google-android.zip");
  private static NotoArchive archive;

  private NanoArchive() {}

  /** The pictures; without them the test that asks is skipped, and says why. */
  public static synchronized NotoArchive get() {
    Assumptions.assumeTrue(
        Files.exists(FILE), FILE + " is missing: 'mvn process-resources' brings it");
    if (archive == null) {
      archive = NotoArchive.open(FILE);
    }
    return archive;
  }

  /** Composes a nano world in {@code folder}, which does not exist yet. */
  public static void writeWorld(Path folder, NanoWorld.Size size) {
    NanoWorld.write(folder, get(), Optional.empty(), size);
  }
}
