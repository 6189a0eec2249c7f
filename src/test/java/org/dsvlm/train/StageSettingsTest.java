/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.safetensors.Safetensors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which parts and losses a stage has, at what rates and weights, as a run's files show them. */
class StageSettingsTest {
  private static final String[] ONE_STAGE = {"stage2.max_steps=0", "stage2.epochs=0"};

  @TempDir private Path folder;
  private TinyRun tiny;

  @BeforeEach
  void records() throws IOException {
    tiny = new TinyRun(folder);
  }

  private Path stage1(String name, String... overrides) {
    String[] all = java.util.Arrays.copyOf(ONE_STAGE, ONE_STAGE.length + overrides.length);
    System.arraycopy(overrides, 0, all, ONE_STAGE.length, overrides.length);
    return tiny.train(name, all);
  }

  private static double[] stored(Path file, String name) {
    try (PointerScope scope = new PointerScope();
        Safetensors weights = Safetensors.open(file)) {
      return Torch.doubles(weights.read(name));
    }
  }

  @Test
  void everyPartHasItsOwnRate() throws IOException {
    Path run =
        stage1(
            "run",
            "stage1.learning_rate=1e-3",
            "stage1.warmup_ratio=0",
            "stage1.train.connector=2e-3",
            "stage1.train.vision=3e-3",
            "stage1.train.language=4e-3",
            "stage1.train.adapters=5e-3",
            "stage1.train.experts=6e-3",
            "stage1.train.routers=0",
            "stage1.train.unet=7e-3");
    ObjectNode first = TinyRun.metrics(run).get(0);
    assertThat(first.get("learning_rate_connector").asDouble()).isEqualTo(2e-3);
    assertThat(first.get("learning_rate_vision_encoder").asDouble()).isEqualTo(3e-3);
    assertThat(first.get("learning_rate_language_model").asDouble()).isEqualTo(4e-3);
    assertThat(first.get("learning_rate_supervision_adapters").asDouble()).isEqualTo(5e-3);
    assertThat(first.get("learning_rate_supervision_experts").asDouble()).isEqualTo(6e-3);
    assertThat(first.has("learning_rate_supervision_routers")).isFalse();
    assertThat(first.get("learning_rate_unet").asDouble()).isEqualTo(7e-3);
    // Routers start at zero, which they keep.
    assertThat(
            stored(
                run.resolve("multi_adapter.safetensors"),
                "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.router.weight"))
        .containsOnly(0);
  }

  @Test
  void aPartThatOneStageFreezesTrainsInTheOther() throws IOException {
    Path run = tiny.train("run", "stage1.train.vision=0", "stage1.train.unet=0");
    List<ObjectNode> rows = TinyRun.metrics(run);
    assertThat(rows.get(1).has("grad_norm_vision_encoder")).isFalse();
    assertThat(rows.get(1).has("grad_norm_unet")).isFalse();
    assertThat(rows.get(4).get("grad_norm_vision_encoder").asDouble()).isPositive();
    assertThat(rows.get(4).get("grad_norm_unet").asDouble()).isPositive();
    Path resumed =
        tiny.trainInTwoParts("resumed", 5, "stage1.train.vision=0", "stage1.train.unet=0");
    TinyRun.assertSame(resumed, run);
  }

  @Test
  void aFrozenEncoderIsTheOneThatWasDrawn() throws IOException {
    String patches = "model.vision_tower.vision_model.embeddings.patch_embedding.weight";
    Path frozen = stage1("frozen", "stage1.train.vision=0");
    Path none = stage1("none", "vision_learning_rate=0");
    Path trained = stage1("trained");
    double[] drawn = stored(none.resolve("export/model.safetensors"), patches);
    assertThat(stored(frozen.resolve("export/model.safetensors"), patches)).isEqualTo(drawn);
    assertThat(stored(trained.resolve("export/model.safetensors"), patches)).isNotEqualTo(drawn);
  }

  /** Without a language loss, all that the encoder could learn from is the supervision. */
  @Test
  void duringItsWarmUpTheSupervisionsGradientDoesNotReachTheEncoder() throws IOException {
    Path run = stage1("run", "stage1.losses.language.weight=0", "supervision.warmup_steps=2");
    List<ObjectNode> rows = TinyRun.metrics(run);
    for (ObjectNode row : rows) {
      boolean warm = row.get("step").asInt() > 2;
      assertThat(row.get("grad_norm_vision_encoder").asDouble() > 0).isEqualTo(warm);
      assertThat(row.get("grad_norm_connector").asDouble() > 0).isEqualTo(warm);
      assertThat(row.get("grad_norm_supervision").asDouble()).isPositive();
      assertThat(row.get("grad_norm_unet").asDouble()).isPositive();
      assertThat(row.has("loss_language")).isFalse();
    }
  }

  @Test
  void aLossOfWeightZeroIsNotComputed() throws IOException {
    Path run = tiny.train("run", "stage1.losses.reconstruction.weight=0");
    List<ObjectNode> rows = TinyRun.metrics(run);
    assertThat(rows.get(0).has("loss_reconstruction")).isFalse();
    assertThat(rows.get(0).has("router")).isFalse();
    assertThat(rows.get(0).has("grad_norm_supervision")).isFalse();
    assertThat(rows.get(3).get("loss_reconstruction").asDouble()).isPositive();
    assertThat(rows.get(3).has("router")).isTrue();
  }

  @Test
  void weightsRiseAndDecayWithinAStage() throws IOException {
    Path run =
        stage1(
            "run",
            "language_weight=0.5",
            "stage1.losses.language.decay_to=0",
            "stage1.losses.reconstruction.weight=2",
            "stage1.losses.reconstruction.warmup_steps=2");
    double[] language = {0.5, 0.5 * 2 / 3, 0.5 / 3};
    double[] reconstruction = {1, 2, 2};
    List<ObjectNode> rows = TinyRun.metrics(run);
    for (int i = 0; i < 3; i++) {
      assertThat(rows.get(i).get("loss").asDouble())
          .isCloseTo(
              language[i] * rows.get(i).get("loss_language").asDouble()
                  + reconstruction[i] * rows.get(i).get("loss_reconstruction").asDouble(),
              within(1e-12));
    }
  }

  /** Half of the gradient, whatever the loss's weight; its own parameters' still goes by that. */
  @Test
  void aBalancedLossReachesTheEncoderAlikeWhateverItsWeight() throws IOException {
    String balance = "supervision.balance.kind=gradient-norm";
    ObjectNode one = TinyRun.metrics(stage1("one", balance)).get(0);
    ObjectNode ten = TinyRun.metrics(stage1("ten", balance, "supervision.weight=10")).get(0);
    ObjectNode plain = TinyRun.metrics(stage1("plain")).get(0);
    double encoder = one.get("grad_norm_vision_encoder").asDouble();
    assertThat(ten.get("grad_norm_vision_encoder").asDouble())
        .isCloseTo(encoder, within(1e-9 * encoder));
    assertThat(plain.get("grad_norm_vision_encoder").asDouble())
        .isNotCloseTo(encoder, within(1e-3 * encoder));
    double own = one.get("grad_norm_supervision").asDouble();
    assertThat(plain.get("grad_norm_supervision").asDouble()).isEqualTo(own);
    assertThat(ten.get("grad_norm_supervision").asDouble()).isCloseTo(10 * own, within(1e-9 * own));
  }

  /** Every operator of a step has a deterministic way on a CPU. */
  @Test
  void aDeterministicRunRefusesNothing() throws IOException {
    assertThat(TinyRun.metrics(tiny.train("run", "deterministic=true"))).hasSize(6);
    assertThat(torch.globalContext().deterministicAlgorithms()).isFalse();
  }
}
