/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.testing.LibTorchCalls;
import org.dsvlm.testing.ObservedWork;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The native operator hides its products. By its shapes it counts as many operations as LibTorch
 * runs for the reference implementation.
 */
@ExtendWith(TensorScope.class)
class MoeCrossAttentionWorkTest {
  private final RandomState random = new RandomState(3);

  @Test
  void theNativeOperatorCountsWhatTheReferenceRuns() {
    LibTorchCalls.assumeRecorded();
    Tensor query = leaf("query", 2, 9, 3, 8);
    List<Tensor> keys = List.of(leaf("k0", 2, 5, 3, 8), leaf("k1", 2, 7, 3, 8));
    List<Tensor> values = List.of(leaf("v0", 2, 5, 3, 8), leaf("v1", 2, 7, 3, 8));
    Tensor router = leaf("router", 2, 2).softmax(-1);
    double natively =
        ObservedWork.operations(
            () -> MoeCrossAttention.forward(query, keys, values, router).square().sum());
    double inLibTorch =
        ObservedWork.operations(
            () -> MoeCrossAttention.reference(query, keys, values, router.detach()).square().sum());
    // Two products forward, five backward, on 12 keys in all.
    assertThat(natively).isEqualTo((4.0 + 10) * 2 * 3 * 9 * 12 * 8).isEqualTo(inLibTorch);
  }

  private Tensor leaf(String name, long... shape) {
    return random.fork(name).normal(shape).set_requires_grad(true);
  }
}
