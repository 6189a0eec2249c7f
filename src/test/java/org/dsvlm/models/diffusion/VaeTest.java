/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.GradCheck;
import org.dsvlm.testing.NativeObjects;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TensorScope.class)
class VaeTest {
  private final RandomState random = new RandomState(13);
  private ParameterStore store;
  private Vae vae;
  private Tensor picture;
  private Tensor latents;

  @BeforeEach
  void makeModel() {
    store = TinyDiffusion.store(ScalarType.Double);
    vae = new Vae(store.root(), TinyDiffusion.vaeConfig());
    picture = random.fork("picture").normal(1, 3, 4, 6).to(ScalarType.Double);
    latents = random.fork("latents").normal(1, 2, 2, 3).to(ScalarType.Double);
  }

  @AfterEach
  void freeModel() {
    store.close();
  }

  @Test
  void encoderGradientsEqualFiniteDifferences() {
    Tensor noise = random.fork("noise").normal(1, 2, 2, 3).to(ScalarType.Double);
    GradCheck.check(inputs -> vae.encode(inputs.get(0)).sample(noise), List.of(picture), 1e-7);
  }

  @Test
  void decoderGradientsEqualFiniteDifferences() {
    GradCheck.check(inputs -> vae.decode(inputs.get(0)), List.of(latents), 1e-7);
  }

  @Test
  void latentsAreSmallerByTheReduction() {
    Moments moments = vae.encode(picture);
    assertThat(Torch.shape(moments.mean())).containsExactly(1, 2, 2, 3);
    assertThat(Torch.shape(moments.logvar())).containsExactly(1, 2, 2, 3);
    assertThat(Torch.shape(vae.decode(latents))).containsExactly(1, 3, 4, 6);
  }

  @Test
  void samplesHaveTheMomentsTheyAreDrawnFrom() {
    Tensor mean = Torch.of(new double[] {2, -1}, 2);
    Tensor logvar = Torch.of(new double[] {0, Math.log(4)}, 2);
    Tensor sample = new Moments(mean, logvar).sample(Torch.of(new double[] {1, -3}, 2));
    assertThat(Torch.doubles(sample)).containsExactly(3, -7);
  }

  @Test
  void worksWithoutMidAttention() {
    try (ParameterStore plain = TinyDiffusion.store(ScalarType.Double)) {
      VaeConfig config =
          VaeConfig.parse(
              TinyDiffusion.with(TinyDiffusion.vaeJson(), "mid_block_add_attention", false),
              "vae/config.json");
      Vae without = new Vae(plain.root(), config);
      assertThat(plain.tensors().keySet()).noneMatch(name -> name.contains("attentions"));
      assertThat(Torch.doubles(without.decode(latents)))
          .isNotEqualTo(Torch.doubles(vae.decode(latents)));
    }
  }

  @Test
  void leavesNothingButItsResultsBehind() {
    vae.decode(latents);
    vae.encode(picture);
    long before = NativeObjects.settledCount();
    vae.decode(latents);
    assertThat(Pointer.totalCount() - before).isEqualTo(1);
    vae.encode(picture);
    assertThat(Pointer.totalCount() - before).isEqualTo(3);
  }
}
