/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import java.util.List;
import java.util.stream.IntStream;
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
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a plan counts of a UNet with its own cross-attention is what LibTorch runs. */
@ExtendWith(TensorScope.class)
class UNetCostTest {
  private static final int PICTURES = 2;
  private static final int SIDE = 4;
  private static final int TOKENS = 3;

  @BeforeEach
  void recorded() {
    LibTorchCalls.assumeRecorded();
  }

  /** Several contexts are one row of tokens, as shared attention reads them. */
  @ParameterizedTest
  @CsvSource({
    "false, false, 1, false",
    "false, true, 2, true",
    "true, false, 1, true",
    "true, true, 2, false"
  })
  void theTapeHoldsWhatRuns(
      boolean trained, boolean differentiated, int contexts, boolean linearProjection) {
    UNetConfig config =
        UNetConfig.parse(
            TinyDiffusion.with(TinyDiffusion.unetJson(), "use_linear_projection", linearProjection),
            "test");
    RandomState random = new RandomState(5);
    try (ParameterStore store = TinyDiffusion.store(ScalarType.Float)) {
      UNet unet = new UNet(store.root(), config);
      store.setTrainable(name -> trained);
      Tensor latents = random.fork("latents").normal(PICTURES, config.inChannels(), SIDE, SIDE);
      latents.set_requires_grad(differentiated);
      List<Tensor> read =
          IntStream.range(0, contexts)
              .mapToObj(i -> random.fork("context" + i).normal(PICTURES, TOKENS, 6))
              .map(context -> context.set_requires_grad(true))
              .toList();
      Tape tape = new Tape(4);
      CrossAttentionCost crossAttention =
          new PlainCrossAttentionCost(trained, PICTURES, contexts * TOKENS, 6);
      config.cost(tape, new UNetPass(PICTURES, SIDE, crossAttention, trained, differentiated));
      Tensor times = Torch.of(new long[] {7, 500}, PICTURES);
      ObservedWork.assertThatTapeHolds(
          tape, () -> unet.forward(latents, times, read).square().sum());
    }
  }
}
