/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import java.nio.file.Path;

/** Reads every picture of a file, in a process whose heap is smaller than the file. */
final class LargeFileReader {
  private LargeFileReader() {}

  public static void main(String[] arguments) {
    long bytes = 0;
    try (BenchmarkFile file =
        BenchmarkFile.open(Benchmarks.named("mmstar"), Path.of(arguments[0]))) {
      for (int i = 0; i < file.size(); i++) {
        for (EncodedPicture picture : file.get(i).pictures()) {
          bytes += picture.bytes().length;
        }
      }
      System.out.println(file.size() + " questions, " + bytes + " bytes of pictures");
    }
  }
}
