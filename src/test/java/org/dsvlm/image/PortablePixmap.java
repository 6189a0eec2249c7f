/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.image;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Reads the reference pixels: binary PPM files with the three-line header that Pillow writes. */
final class PortablePixmap {
  private PortablePixmap() {}

  static Picture read(Path file) throws IOException {
    byte[] data = Files.readAllBytes(file);
    String[] header =
        new String(data, 0, Math.min(data.length, 32), StandardCharsets.ISO_8859_1).split("\n");
    String[] size = header[1].split(" ");
    int start = header[0].length() + header[1].length() + header[2].length() + 3;
    return new Picture(
        Integer.parseInt(size[0]),
        Integer.parseInt(size[1]),
        Arrays.copyOfRange(data, start, data.length));
  }
}
