/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import java.util.List;
import org.dsvlm.io.DsVlmException;

/** Tells errors of LibTorch's allocators from others, and says what their reader can change. */
public final class OutOfMemory {
  /** Beginnings of the allocators' messages, for GPU and CPU. */
  private static final List<String> WORDS =
      List.of("CUDA out of memory", "DefaultCPUAllocator: can't allocate memory");

  private OutOfMemory() {}

  /**
   * {@code error}, or a {@link DsVlmException} in its place if memory ran out.
   *
   * @param where what was under way
   * @param advice what to change
   */
  public static RuntimeException explained(RuntimeException error, String where, String advice) {
    String message = String.valueOf(error.getMessage());
    for (String words : WORDS) {
      int begin = message.indexOf(words);
      if (begin >= 0) {
        String line = message.substring(begin).lines().findFirst().orElseThrow().strip();
        return new DsVlmException(where + ": " + line + " " + advice, error);
      }
    }
    return error;
  }
}
