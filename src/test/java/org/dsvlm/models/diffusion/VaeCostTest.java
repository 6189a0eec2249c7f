/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.nn.cost.Tape;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.LibTorchCalls;
import org.dsvlm.testing.ObservedWork;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a plan counts of the autoencoder's halves is what LibTorch runs. */
@ExtendWith(TensorScope.class)
class VaeCostTest {
  private static final int PICTURES = 2;
  private static final int SIDE = 8;

  private final RandomState random = new RandomState(5);
  private final Tape tape = new Tape(4);

  @BeforeEach
  void recorded() {
    LibTorchCalls.assumeRecorded();
  }

  @Test
  void theFrozenEncoderRunsWithoutAGraph() {
    try (ParameterStore store = TinyDiffusion.store(ScalarType.Float)) {
      Vae vae = vae(store, false);
      Tensor picture = random.normal(PICTURES, 3, SIDE, SIDE);
      vae.config().costOfEncoder(tape, PICTURES, SIDE, false);
      ObservedWork.assertThatTapeHolds(
          tape, () -> Torch.withoutGradient(() -> vae.encode(picture).mean().sum()));
    }
  }

  @Test
  void theFrozenDecoderHandsTheGradientToItsLatents() {
    try (ParameterStore store = TinyDiffusion.store(ScalarType.Float)) {
      Vae vae = vae(store, false);
      Tensor latents = random.normal(PICTURES, 2, SIDE / 2, SIDE / 2).set_requires_grad(true);
      vae.config().costOfDecoder(tape, PICTURES, SIDE, false);
      ObservedWork.assertThatTapeHolds(tape, () -> vae.decode(latents).square().sum());
    }
  }

  @Test
  void bothHalvesTrainTogether() {
    try (ParameterStore store = TinyDiffusion.store(ScalarType.Float)) {
      Vae vae = vae(store, true);
      Tensor picture = random.normal(PICTURES, 3, SIDE, SIDE);
      vae.config().costOfEncoder(tape, PICTURES, SIDE, true);
      vae.config().costOfDecoder(tape, PICTURES, SIDE, true);
      ObservedWork.assertThatTapeHolds(
          tape, () -> vae.decode(vae.encode(picture).mean()).square().sum());
    }
  }

  private static Vae vae(ParameterStore store, boolean trained) {
    Vae vae = new Vae(store.root(), TinyDiffusion.vaeConfig());
    store.setTrainable(name -> trained);
    return vae;
  }
}
