/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.tensor.Torch;

/**
 * Activation checkpointing (Chen, Xu, Zhang, Guestrin 2016): the forward keeps the input alone, and
 * the backward runs the body again to get at its activations.
 *
 * <p>LibTorch's Java binding cannot define an autograd function, so gradients travel through tensor
 * hooks (see {@link Recomputation}). What a checkpoint holds is freed when the next one starts,
 * forward or backward, after its own backward has run or its graph has been dropped.
 */
public final class ActivationCheckpoint {
  private static final List<Recomputation> LIVE = new ArrayList<>();
  private static final Deque<Recomputation> IDLE = new ArrayDeque<>();

  private ActivationCheckpoint() {}

  /**
   * {@code body(input)}, its activations freed until the backward needs them.
   *
   * <p>The body runs twice: it must compute the same both times (the state of LibTorch's random
   * generator is put back for the second run), and every tensor that it captures must stay open
   * until the backward is done. Parameters that it captures gather their gradients as usual;
   * anything else that it captures must not need one, or must come in through {@code input}.
   *
   * @param input any floating-point tensor, with or without gradient
   */
  public static Tensor run(UnaryOperator<Tensor> body, Tensor input) {
    return run(body, input, List.of());
  }

  /**
   * The same for a body that captures tensors of the caller's scope.
   *
   * @param captured tensors without gradient that {@code body} reads; they are kept open until the
   *     backward is done
   */
  public static Tensor run(UnaryOperator<Tensor> body, Tensor input, List<Tensor> captured) {
    if (!GradMode.is_enabled()) {
      return Torch.tidy(() -> body.apply(input));
    }
    releaseFinished();
    Recomputation recomputation = take();
    try {
      Tensor output = Torch.tidy(() -> recomputation.begin(body, input, captured));
      synchronized (LIVE) {
        LIVE.add(recomputation);
      }
      return output;
    } catch (RuntimeException | Error e) {
      recomputation.end();
      throw e;
    }
  }

  private static Recomputation take() {
    synchronized (LIVE) {
      return IDLE.isEmpty() ? new Recomputation() : IDLE.pop();
    }
  }

  /** Frees what belongs to graphs of this thread that are gone or have had their backward. */
  static void releaseFinished() {
    synchronized (LIVE) {
      for (Iterator<Recomputation> all = LIVE.iterator(); all.hasNext(); ) {
        Recomputation recomputation = all.next();
        if (recomputation.finished()) {
          recomputation.end();
          all.remove();
          IDLE.push(recomputation);
        }
      }
    }
  }

  /** Checkpoints whose memory is not freed yet. */
  static int live() {
    synchronized (LIVE) {
      return LIVE.size();
    }
  }
}
