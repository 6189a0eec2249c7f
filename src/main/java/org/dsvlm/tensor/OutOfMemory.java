/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.dsvlm.io.DsVlmException;

/** Tells errors of LibTorch's allocators from others, and says what their reader can change. */
public final class OutOfMemory {
  /** Beginnings of the allocators' messages, for GPU and CPU. */
  private static final List<String> WORDS =
      List.of("CUDA out of memory", "DefaultCPUAllocator: can't allocate memory");

  /** How CUDA's allocator names the device. */
  private static final Pattern GPU = Pattern.compile("\\bGPU (\\d{1,3})\\b");

  private OutOfMemory() {}

  /**
   * {@code error}, or a {@link DsVlmException} in its place if memory ran out. Of a GPU it says how
   * much was held.
   *
   * @param where what was under way
   * @param advice what to change
   */
  public static RuntimeException explained(RuntimeException error, String where, String advice) {
    return explained(error, where, advice, DeviceMemory::peak);
  }

  /** peaks: of a GPU by its index. */
  static RuntimeException explained(
      RuntimeException error,
      String where,
      String advice,
      IntFunction<Optional<DeviceMemory.Peak>> peaks) {
    String message = String.valueOf(error.getMessage());
    for (String words : WORDS) {
      int begin = message.indexOf(words);
      if (begin >= 0) {
        String line = message.substring(begin).lines().findFirst().orElseThrow().strip();
        Matcher gpu = GPU.matcher(line);
        String held =
            gpu.find()
                ? peaks
                    .apply(Integer.parseInt(gpu.group(1)))
                    .map(peak -> peak.sentence() + " ")
                    .orElse("")
                : "";
        return new DsVlmException(where + ": " + line + " " + held + advice, error);
      }
    }
    return error;
  }
}
