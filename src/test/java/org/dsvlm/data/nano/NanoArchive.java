/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data.nano;

import java.nio.file.Files;
import java.nio.file.Path;
import org.dsvlm.data.NotoArchive;
import org.junit.jupiter.api.Assumptions;

/** The Noto pictures of the build, read once for all tests. */
final class NanoArchive {
  private static final Path FILE = Path.of("target", "noto", "emoji-google-android.zip");
  private static NotoArchive archive;

  private NanoArchive() {}

  static synchronized NotoArchive get() {
    Assumptions.assumeTrue(
        Files.exists(FILE), FILE + " is missing: 'mvn process-resources' brings it");
    if (archive == null) {
      archive = NotoArchive.open(FILE);
    }
    return archive;
  }
}
