/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;

/** Small files of benchmarks. */
public final class TestFile {
  /** A black PNG of 16 x 16 pixels, in base64. */
  public static final String PICTURE = picture();

  private TestFile() {}

  private static String picture() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB), "png", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Base64.getEncoder().encodeToString(bytes.toByteArray());
  }

  /** Writes lines of cells between tabs. */
  public static Path write(Path file, String... lines) throws IOException {
    return Files.write(file, List.of(lines));
  }

  /** Scores {@code replies} to the rows of {@code file} by exact matching. */
  static Scores score(String benchmark, Path file, Map<String, String> replies) {
    Benchmark named = Benchmarks.named(benchmark);
    try (BenchmarkFile open = BenchmarkFile.open(named, file)) {
      return named.score(open.items(replies), Judging.NONE);
    }
  }
}
