/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TensorScope.class)
class DenoisingStripTest {
  private StableDiffusion model;
  private Tensor noise;
  private List<Tensor> contexts;
  private DenoisingStrip strip;

  @BeforeEach
  void makeModel() {
    model = TinyDiffusion.model(ScalarType.Float);
    noise = new RandomState(1).normal(1, 2, 4, 4);
    contexts = List.of(new RandomState(2).normal(1, 3, 6));
    strip = new DenoisingStrip(model.unet(), model.vae(), model.schedule(), 4);
  }

  @AfterEach
  void freeModel() {
    model.close();
  }

  @Test
  void beginsWithTheNoiseAndEndsWhereTheSamplerDoes() {
    List<Tensor> pictures = strip.pictures(noise, contexts, 0, 4);
    DdimSampler sampler = new DdimSampler(model.schedule(), 4);
    Tensor latents = noise;
    for (long timestep : sampler.timesteps()) {
      Tensor batch = DdimSampler.timesteps(timestep, latents);
      Tensor output = model.unet().forward(latents, batch, contexts);
      latents = sampler.step(output, timestep, latents);
    }
    assertThat(Torch.floats(pictures.get(0))).containsExactly(decoded(noise));
    assertThat(Torch.floats(pictures.get(1))).containsExactly(decoded(latents));
  }

  private float[] decoded(Tensor latents) {
    Tensor scaled = latents.div(Torch.scalar(model.vae().scalingFactor()));
    Tensor unit = model.vae().decode(scaled).add(Torch.scalar(1)).mul(Torch.scalar(0.5));
    return Torch.floats(
        unit.clamp(new ScalarOptional(Torch.scalar(0)), new ScalarOptional(Torch.scalar(1))));
  }

  @Test
  void picturesAreColoursInZeroToOne() {
    for (Tensor picture : strip.pictures(noise, contexts, 0, 1, 2, 3, 4)) {
      assertThat(Torch.shape(picture)).containsExactly(3, 8, 8);
      assertThat(Torch.item(picture.min())).isGreaterThanOrEqualTo(0);
      assertThat(Torch.item(picture.max())).isLessThanOrEqualTo(1);
      assertThat(picture.requires_grad()).isFalse();
    }
  }

  @Test
  void otherContextsGiveAnotherPicture() {
    List<Tensor> others = List.of(new RandomState(3).normal(1, 3, 6));
    assertThat(Torch.floats(strip.pictures(noise, contexts, 4).get(0)))
        .isNotEqualTo(Torch.floats(strip.pictures(noise, others, 4).get(0)));
  }

  @Test
  void refusesStepsThatDoNotRise() {
    assertThatThrownBy(() -> strip.pictures(noise, contexts, 2, 1))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("after 1 steps", "from 0 to 4");
    assertThatThrownBy(() -> strip.pictures(noise, contexts, 5))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("after 5 steps");
  }
}
