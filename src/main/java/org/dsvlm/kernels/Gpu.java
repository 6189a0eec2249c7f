/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.LongVector;
import org.bytedeco.pytorch.OperatorHandle;

/**
 * What a GPU can do, of what decides whether the operators' CUDA kernels run on it.
 *
 * @param major of the compute capability, as 9 of 9.0
 * @param minor of the compute capability
 * @param sharedBytes most shared memory that a block can have
 * @param hasCode whether the library holds machine code for it, or PTX that the driver compiles
 * @param mostDoubleHeadDim longest heads that its shared memory has a tile for in the attention in
 *     float64
 */
record Gpu(int major, int minor, int sharedBytes, boolean hasCode, long mostDoubleHeadDim) {
  /** Asynchronous copies and bfloat16 products begin with the A100. */
  private static final int LEAST_MAJOR = 8;

  /** For which every kernel has a tile, but for those of {@link #takesDoubleHeads}. */
  private static final int LEAST_SHARED_BYTES = 99 * 1024;

  /** Asks the library of the CUDA kernels, which must be loaded. */
  static Gpu ask(int index) {
    try (PointerScope scope = new PointerScope()) {
      OperatorHandle operator = Dispatcher.singleton().findSchemaOrThrow("dsvlm::_cuda_device", "");
      IValueVector stack = new IValueVector(new IValue((long) index));
      operator.callBoxed(stack);
      LongVector answer = stack.get(0).toIntVector();
      return new Gpu(
          (int) answer.get(0),
          (int) answer.get(1),
          (int) answer.get(2),
          answer.get(3) != 0,
          answer.get(4));
    }
  }

  /** Why the kernels do not run on it; empty if they do. */
  Optional<String> refusal() {
    if (major < LEAST_MAJOR) {
      return Optional.of(
          "has compute capability " + capability() + ", and the CUDA kernels need 8.0");
    }
    if (!hasCode) {
      return Optional.of(
          "has compute capability "
              + capability()
              + ", for which this build of the CUDA kernels has no code; build them with"
              + " CMAKE_CUDA_ARCHITECTURES="
              + major
              + minor);
    }
    if (sharedBytes < LEAST_SHARED_BYTES) {
      return Optional.of(
          "gives a block "
              + sharedBytes
              + " bytes of shared memory, and the CUDA kernels need "
              + LEAST_SHARED_BYTES);
    }
    return Optional.empty();
  }

  /**
   * Whether attention over heads of this length in float64 fits; every shorter type fits wherever
   * there is no {@link #refusal}.
   */
  boolean takesDoubleHeads(long headDim) {
    return headDim <= mostDoubleHeadDim;
  }

  private String capability() {
    return major + "." + minor;
  }
}
