/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.models.diffusion.UNet;
import org.dsvlm.models.diffusion.UNetConfig;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A UNet with two levels of attention, 8 and 4 positions a side, told in 4 × 4 patches. */
class GuidedCrossAttentionTest {
  private static final int SIDE = 4;

  private final RandomState random = new RandomState(3);
  private PointerScope scope;
  private ParameterStore store;
  private UNet unet;
  private Tensor sample;
  private Tensor timesteps;

  @BeforeEach
  void makeUNet() throws Exception {
    scope = new PointerScope();
    store = ParameterStore.random(random, ScalarType.Float, "cpu");
    unet =
        new UNet(
            store.root(),
            UNetConfig.parse(
                (ObjectNode)
                    new ObjectMapper()
                        .readTree(
                            """
                            {"_class_name": "UNet2DConditionModel", "sample_size": 8,
                             "in_channels": 3, "out_channels": 3, "cross_attention_dim": 6,
                             "block_out_channels": [8, 8],
                             "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"],
                             "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"],
                             "layers_per_block": 1, "attention_head_dim": 2, "norm_num_groups": 4}
                            """),
                "unet"));
    sample = random.fork("sample").normal(2, 3, 8, 8);
    timesteps = Torch.of(new long[] {400, 800}, 2);
  }

  @AfterEach
  void close() {
    store.close();
    scope.close();
  }

  private Tensor patches(long tokens) {
    return random.fork("patches").normal(2, tokens, 6);
  }

  @Test
  void attendsAsTheOneInWhosePlaceItStands() {
    for (long tokens : new long[] {SIDE * SIDE, 5}) {
      Tensor told = patches(tokens);
      unet.replaceCrossAttention((path, base) -> base);
      Tensor expected = unet.forward(sample, timesteps, List.of(told));
      unet.replaceCrossAttention((path, base) -> new GuidedCrossAttention.Guide(SIDE).over(base));
      Tensor actual = unet.forward(sample, timesteps, List.of(told));
      assertThat(Torch.item(actual.sub(expected).abs().max())).isLessThan(1e-5);
    }
  }

  /** Keys that are all 0 are attended to alike. */
  @Test
  void theDistanceOfNoAttentionIsTheLogarithmOfThePatches() {
    store
        .tensors()
        .forEach(
            (name, tensor) -> {
              if (name.endsWith("attn2.to_k.weight")) {
                tensor.detach().zero_();
              }
            });
    GuidedCrossAttention.Guide guide = new GuidedCrossAttention.Guide(SIDE);
    unet.replaceCrossAttention((path, base) -> guide.over(base));
    unet.forward(sample, timesteps, List.of(patches(SIDE * SIDE)));
    assertThat(Torch.item(guide.distance())).isCloseTo(Math.log(SIDE * SIDE), within(1e-5));
  }

  /** The one map is finer than the patches, the other as fine, the third coarser. */
  @Test
  void aPositionSharesThePatchesThatItLiesIn() {
    GuidedCrossAttention.Guide guide = new GuidedCrossAttention.Guide(2);
    assertThat(Torch.doubles(guide.targets(4)))
        .containsExactly(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1);
    assertThat(Torch.doubles(guide.targets(1))).containsExactly(0.25, 0.25, 0.25, 0.25);
    double[] finer = Torch.doubles(guide.targets(16));
    for (int position = 0; position < 16; position++) {
      int patch = position / 8 * 2 + position % 4 / 2;
      assertThat(finer[4 * position + patch]).as("position %d", position).isEqualTo(1);
    }
  }

  @Test
  void theDistanceTeachesQueriesAndKeys() {
    store.setTrainable(name -> true);
    GuidedCrossAttention.Guide guide = new GuidedCrossAttention.Guide(SIDE);
    unet.replaceCrossAttention((path, base) -> guide.over(base));
    unet.forward(sample, timesteps, List.of(patches(SIDE * SIDE)));
    guide.distance().backward();
    store
        .tensors()
        .forEach(
            (name, tensor) -> {
              if (name.contains("attn2.to_q") || name.contains("attn2.to_k")) {
                assertThat(Torch.item(tensor.grad().abs().sum())).as(name).isPositive();
              }
            });
  }
}
