/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.dsvlm.kernels.Kernels;
import org.dsvlm.tensor.Torch;

/**
 * The operators that LibTorch runs for the calling thread, as its {@code RecordFunction} reports
 * them to {@code native/recorder/call_recorder.cpp}.
 */
public final class LibTorchCalls {
  /** Where {@code tools/build-native} puts the recorder. */
  private static final Path LIBRARY = Path.of("target/native-tests/libdsvlm_recorder.so");

  private static boolean loaded;

  private LibTorchCalls() {}

  /**
   * One call.
   *
   * @param depth how many recorded calls it is inside of
   * @param operator with its name space, such as {@code aten::mm}
   * @param arguments a tensor as its sizes, {@code [2,3]}, lists in braces, {@code -} for none
   */
  public record Call(int depth, String operator, List<String> arguments) {
    private static Call parse(String line) {
      String[] fields = line.split("\t");
      return new Call(
          Integer.parseInt(fields[0]), fields[1], Arrays.asList(fields).subList(2, fields.length));
    }

    /** Sizes of the tensor at {@code index}; empty for none. */
    public long[] sizes(int index) {
      return numbers(arguments.get(index));
    }

    /** Sizes of each tensor of the list at {@code index}. */
    public List<long[]> listedSizes(int index) {
      return Stream.of(arguments.get(index).split("(?<=])"))
          .filter(sizes -> sizes.contains("["))
          .map(Call::numbers)
          .toList();
    }

    /** The list of numbers, or the one number, at {@code index}. */
    public long[] numbers(int index) {
      return numbers(arguments.get(index));
    }

    /** Whether the flag at {@code position} of the list at {@code index} is set. */
    public boolean flag(int index, int position) {
      String[] flags = arguments.get(index).replaceAll("[{}]", "").trim().split(" ");
      return Boolean.parseBoolean(flags[position]);
    }

    private static long[] numbers(String text) {
      return Stream.of(text.split("[^0-9]+"))
          .filter(digits -> !digits.isEmpty())
          .mapToLong(Long::parseLong)
          .toArray();
    }
  }

  /** Skips the test where the recorder was not built. */
  public static void assumeRecorded() {
    assumeTrue(
        Files.exists(LIBRARY),
        LIBRARY + " is not built: no compiler or LibTorch headers, or dsvlm.native=skip");
    assumeTrue(Kernels.nativeLoaded(), "a plan counts the native operators; " + Kernels.status());
  }

  /** What runs while {@code body} does. */
  public static List<Call> during(Runnable body) {
    load();
    start();
    String lines = "";
    try {
      body.run();
    } finally {
      lines = stop();
    }
    return lines.lines().map(Call::parse).toList();
  }

  private static synchronized void load() {
    if (!loaded) {
      Torch.load();
      System.load(LIBRARY.toAbsolutePath().toString());
      loaded = true;
    }
  }

  private static native void start();

  private static native String stop();
}
