/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.DsVlmException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The GPUs of this process, each asked once. What does not run there is said in one line each. */
final class Gpus {
  private static final Logger LOG = LoggerFactory.getLogger(Gpus.class);

  private final IntFunction<Gpu> ask;
  private final boolean demanded;
  private final Map<Integer, Answer> answers = new ConcurrentHashMap<>();

  /** What is known of one GPU, and what of it has been said. */
  final class Answer {
    private final int index;
    private final Gpu gpu;
    private final Optional<String> refusal;
    private volatile boolean saidOfHeads;

    private Answer(int index) {
      this.index = index;
      this.gpu = ask.apply(index);
      this.refusal = gpu.refusal().map(reason -> "cuda:" + index + " " + reason);
      if (!demanded) {
        refusal.ifPresent(
            reason -> LOG.warn("{}; LibTorch reference implementations are used there", reason));
      }
    }

    /**
     * Whether the CUDA kernels run on it.
     *
     * @throws DsVlmException if they do not, and native code is demanded
     */
    boolean runsKernels() {
      if (demanded && refusal.isPresent()) {
        throw new DsVlmException(refusal.get() + " (" + Kernels.PROPERTY + "=native)");
      }
      return refusal.isEmpty();
    }

    /** Whether the attention in float64 runs on it with heads of this length. */
    boolean takesDoubleHeads(long headDim) {
      boolean takes = gpu.takesDoubleHeads(headDim);
      if (!takes && demanded) {
        throw new DsVlmException(ofHeads(headDim) + " (" + Kernels.PROPERTY + "=native)");
      }
      if (!takes && !saidOfHeads) {
        saidOfHeads = true;
        LOG.warn("{}; LibTorch's attention is used", ofHeads(headDim));
      }
      return takes;
    }

    private String ofHeads(long headDim) {
      return "cuda:"
          + index
          + " gives a block "
          + gpu.sharedBytes()
          + " bytes of shared memory: the attention kernel in float64 takes a headDim of at most "
          + gpu.mostDoubleHeadDim()
          + " there, and not a headDim of "
          + headDim;
    }
  }

  /**
   * @param ask what tells of the GPU of an index
   * @param property value of {@value Kernels#PROPERTY}
   */
  Gpus(IntFunction<Gpu> ask, @Nullable String property) {
    this.ask = ask;
    this.demanded = "native".equals(property);
  }

  /** The one that {@code tensor} is on. */
  Answer of(Tensor tensor) {
    return of(tensor.device().index());
  }

  Answer of(int index) {
    return answers.computeIfAbsent(index, Answer::new);
  }
}
