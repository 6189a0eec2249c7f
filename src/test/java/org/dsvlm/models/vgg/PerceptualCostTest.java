/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vgg;

import java.util.List;
import java.util.function.BinaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.nn.cost.Tape;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.testing.LibTorchCalls;
import org.dsvlm.testing.ObservedWork;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a plan counts of both perceptual losses is what LibTorch runs. */
@ExtendWith(TensorScope.class)
class PerceptualCostTest {
  private static final int PICTURES = 2;
  private static final int SIDE = 16;
  private static final long[] WIDTHS = {4, 5, 6, 7, 8};

  @BeforeEach
  void recorded() {
    LibTorchCalls.assumeRecorded();
  }

  @Test
  void lpipsReadsFiveStages() {
    try (PerceptualNetwork network = network()) {
      check(5, network::lpips);
    }
  }

  @Test
  void relu3ReadsThree() {
    try (PerceptualNetwork network = network()) {
      check(3, network::relu3L1);
    }
  }

  private static PerceptualNetwork network() {
    return PerceptualNetwork.random(new RandomState(3), WIDTHS, ScalarType.Float, "cpu");
  }

  private static void check(int stages, BinaryOperator<Tensor> distance) {
    RandomState random = new RandomState(4);
    Tensor picture = random.fork("picture").normal(PICTURES, 3, SIDE, SIDE);
    Tensor target = random.fork("target").normal(PICTURES, 3, SIDE, SIDE);
    picture.set_requires_grad(true);
    Tape tape = new Tape(4);
    new PerceptualCost(tape, List.of(4L, 5L, 6L, 7L, 8L), PICTURES, SIDE).record(stages);
    ObservedWork.assertThatTapeHolds(tape, () -> distance.apply(picture, target).sum());
  }
}
