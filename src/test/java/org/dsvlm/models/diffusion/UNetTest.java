/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.GradCheck;
import org.dsvlm.testing.NativeObjects;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(TensorScope.class)
class UNetTest {
  private final RandomState random = new RandomState(11);
  private Tensor sample;
  private Tensor timesteps;
  private Tensor context;

  @BeforeEach
  void makeInputs() {
    sample = random.fork("sample").normal(1, 2, 4, 3).to(ScalarType.Double);
    timesteps = Torch.of(new long[] {781}, 1);
    context = random.fork("context").normal(1, 3, 6).to(ScalarType.Double);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void gradientsEqualFiniteDifferences(boolean linearProjection) {
    ObjectNode json =
        TinyDiffusion.with(TinyDiffusion.unetJson(), "use_linear_projection", linearProjection);
    try (ParameterStore store = TinyDiffusion.store(ScalarType.Double)) {
      UNet unet = new UNet(store.root(), UNetConfig.parse(json, "config.json"));
      GradCheck.check(
          inputs -> unet.forward(inputs.get(0), timesteps, List.of(inputs.get(1))),
          List.of(sample, context),
          1e-7);
    }
  }

  @Test
  void listsCrossAttentionsInRunningOrder() {
    Path file = Path.of("src/test/resources/golden/sd_unet/config.json");
    UNetConfig config = UNetConfig.parse(JsonConfig.read(file).json(), file.toString());
    try (ParameterStore store = TinyDiffusion.store(ScalarType.Float)) {
      UNet unet = new UNet(store.root().at("unet"), config);
      List<String> expected = new ArrayList<>();
      for (int level = 0; level < 3; level++) {
        for (int i = 0; i < 2; i++) {
          expected.add("down_blocks." + level + ".attentions." + i);
        }
      }
      expected.add("mid_block.attentions.0");
      for (int level = 1; level < 4; level++) {
        for (int i = 0; i < 3; i++) {
          expected.add("up_blocks." + level + ".attentions." + i);
        }
      }
      expected.replaceAll(path -> path + ".transformer_blocks.0.attn2");
      assertThat(unet.crossAttentionPaths()).containsExactlyElementsOf(expected);
    }
  }

  @Test
  void replacedCrossAttentionsRunInTheListedOrder() {
    try (ParameterStore store = TinyDiffusion.store(ScalarType.Double)) {
      UNet unet = new UNet(store.root(), TinyDiffusion.unetConfig());
      double[] before = Torch.doubles(unet.forward(sample, timesteps, List.of(context)));
      List<String> called = new ArrayList<>();
      unet.replaceCrossAttention(
          (path, plain) ->
              (hiddenStates, contexts) -> {
                called.add(path);
                return plain.forward(hiddenStates, contexts);
              });
      double[] after = Torch.doubles(unet.forward(sample, timesteps, List.of(context)));
      assertThat(called).containsExactlyElementsOf(unet.crossAttentionPaths());
      assertThat(after).containsExactly(before);
    }
  }

  @Test
  void aReplacementChangesTheResult() {
    try (ParameterStore store = TinyDiffusion.store(ScalarType.Double)) {
      UNet unet = new UNet(store.root(), TinyDiffusion.unetConfig());
      double[] before = Torch.doubles(unet.forward(sample, timesteps, List.of(context)));
      unet.replaceCrossAttention((path, plain) -> (hidden, contexts) -> hidden.mul(hidden));
      double[] after = Torch.doubles(unet.forward(sample, timesteps, List.of(context)));
      assertThat(after).isNotEqualTo(before);
    }
  }

  @Test
  void severalContextsAreOneLongContext() {
    Tensor second = random.fork("second").normal(1, 2, 6).to(ScalarType.Double);
    try (ParameterStore store = TinyDiffusion.store(ScalarType.Double)) {
      UNet unet = new UNet(store.root(), TinyDiffusion.unetConfig());
      Tensor apart = unet.forward(sample, timesteps, List.of(context, second));
      Tensor joined = unet.forward(sample, timesteps, List.of(Torch.cat(1, context, second)));
      assertThat(Torch.doubles(apart)).containsExactly(Torch.doubles(joined));
      Tensor alone = unet.forward(sample, timesteps, List.of(context));
      assertThat(Torch.doubles(alone)).isNotEqualTo(Torch.doubles(joined));
    }
  }

  @Test
  void halfPrecisionComesCloseToFull() {
    try (ParameterStore full = TinyDiffusion.store(ScalarType.Double);
        ParameterStore half = TinyDiffusion.store(ScalarType.BFloat16)) {
      UNet precise = new UNet(full.root(), TinyDiffusion.unetConfig());
      UNet coarse = new UNet(half.root(), TinyDiffusion.unetConfig());
      Tensor expected = precise.forward(sample, timesteps, List.of(context));
      Tensor actual =
          coarse.forward(
              sample.to(ScalarType.BFloat16), timesteps, List.of(context.to(ScalarType.BFloat16)));
      assertThat(actual.scalar_type().intern()).isEqualTo(ScalarType.BFloat16);
      Tensor worst = actual.to(ScalarType.Double).sub(expected).abs().max();
      assertThat(Torch.item(worst.div(expected.abs().max()))).isLessThan(0.05);
    }
  }

  @Test
  void refusesLatentsAndContextsOfAnotherWidth() {
    try (ParameterStore store = TinyDiffusion.store(ScalarType.Double)) {
      UNet unet = new UNet(store.root(), TinyDiffusion.unetConfig());
      List<Tensor> narrow = List.of(context, context.narrow(2, 0, 5));
      assertThatThrownBy(() -> unet.forward(sample, timesteps, narrow))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContainingAll("contexts", "[1, 3, 5]", "cross_attention_dim, 6");
      Tensor deep = Torch.cat(1, sample, sample);
      assertThatThrownBy(() -> unet.forward(deep, timesteps, List.of(context)))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContainingAll("latents", "[1, 4, 4, 3]", "in_channels, 2");
    }
  }

  @Test
  void samplesOfABatchDoNotMix() {
    Tensor other = random.fork("other").normal(1, 2, 4, 3).to(ScalarType.Double);
    Tensor otherContext = random.fork("otherContext").normal(1, 3, 6).to(ScalarType.Double);
    try (ParameterStore store = TinyDiffusion.store(ScalarType.Double)) {
      UNet unet = new UNet(store.root(), TinyDiffusion.unetConfig());
      Tensor both =
          unet.forward(
              Torch.cat(0, sample, other),
              Torch.of(new long[] {781, 21}, 2),
              List.of(Torch.cat(0, context, otherContext)));
      Tensor alone = unet.forward(other, Torch.of(new long[] {21}, 1), List.of(otherContext));
      double[] second = Torch.doubles(both.narrow(0, 1, 1));
      double[] expected = Torch.doubles(alone);
      for (int i = 0; i < expected.length; i++) {
        assertThat(second[i]).isCloseTo(expected[i], offset(1e-12));
      }
    }
  }

  @Test
  void leavesNothingButItsResultBehind() {
    try (ParameterStore store = TinyDiffusion.store(ScalarType.Double)) {
      UNet unet = new UNet(store.root(), TinyDiffusion.unetConfig());
      List<Tensor> contexts = List.of(context);
      unet.forward(sample, timesteps, contexts).close();
      long before = NativeObjects.settledCount();
      Tensor result = unet.forward(sample, timesteps, contexts);
      assertThat(Pointer.totalCount() - before).isEqualTo(1);
      result.close();
    }
  }
}
