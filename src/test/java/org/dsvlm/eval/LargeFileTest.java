/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A file is read with a heap of 0.4 times its size. {@code -Ddsvlm.large.megabytes=1230} makes it
 * 1.2 GB and the heap 492 MiB.
 */
class LargeFileTest {
  private static final int MEGABYTES = Integer.getInteger("dsvlm.large.megabytes", 200);
  private static final int PICTURE = 3 << 20;

  @TempDir private Path folder;

  @Test
  void picturesStayInTheFile() throws IOException, InterruptedException {
    Path file = folder.resolve("MMStar.tsv");
    byte[] picture = "QUJD".repeat(PICTURE / 4).getBytes(StandardCharsets.US_ASCII);
    int rows = MEGABYTES * 1_000_000 / PICTURE + 1;
    try (OutputStream out = Files.newOutputStream(file)) {
      out.write("index\timage\tquestion\n".getBytes(StandardCharsets.US_ASCII));
      for (int i = 0; i < rows; i++) {
        out.write((i + "\t").getBytes(StandardCharsets.US_ASCII));
        out.write(picture);
        out.write("\tWhat?\n".getBytes(StandardCharsets.US_ASCII));
      }
    }
    assertThat(Files.size(file)).isGreaterThan(MEGABYTES * 1_000_000L);
    Path log = folder.resolve("log");
    int code =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx" + MEGABYTES * 4 / 10 + "m",
                    "-cp",
                    System.getProperty("java.class.path"),
                    LargeFileReader.class.getName(),
                    file.toString()))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start()
            .waitFor();
    assertThat(code).as(Files.readString(log)).isZero();
    assertThat(Files.readString(log))
        .contains(rows + " questions, " + rows * (PICTURE / 4L * 3) + " bytes of pictures");
  }
}
