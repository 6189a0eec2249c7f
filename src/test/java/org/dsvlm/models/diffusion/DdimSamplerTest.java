/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.GradCheck;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(TensorScope.class)
class DdimSamplerTest {

  private static NoiseSchedule schedule(String key, Object value) {
    ObjectNode json = NoiseSchedule.stableDiffusion().toJson();
    return NoiseSchedule.parse(TinyDiffusion.with(json, key, value), "scheduler_config.json");
  }

  /** As diffusers 0.40 spaces five steps over a thousand timesteps. */
  @Test
  void visitsTheTimestepsOfEachSpacing() {
    assertThat(new DdimSampler(schedule("timestep_spacing", "leading"), 5).timesteps())
        .containsExactly(801, 601, 401, 201, 1);
    assertThat(new DdimSampler(schedule("timestep_spacing", "trailing"), 5).timesteps())
        .containsExactly(999, 799, 599, 399, 199);
    assertThat(new DdimSampler(schedule("timestep_spacing", "linspace"), 5).timesteps())
        .containsExactly(999, 749, 500, 250, 0);
  }

  /**
   * A network that always sees the true noise leads straight to the picture, in any number of
   * steps.
   */
  @ParameterizedTest
  @EnumSource(Prediction.class)
  void aPerfectNetworkLeadsToThePicture(Prediction prediction) {
    NoiseSchedule schedule = schedule("set_alpha_to_one", true).withPrediction(prediction);
    Tensor x0 = new RandomState(1).normal(1, 2, 2, 2).to(ScalarType.Double);
    Tensor noise = new RandomState(2).normal(1, 2, 2, 2).to(ScalarType.Double);
    DdimSampler sampler = new DdimSampler(schedule, 7);
    long first = sampler.timesteps()[0];
    Tensor sample = schedule.addNoise(x0, noise, DdimSampler.timesteps(first, x0));
    for (long timestep : sampler.timesteps()) {
      Tensor now = DdimSampler.timesteps(timestep, sample);
      sample = sampler.step(schedule.target(x0, noise, now), timestep, sample);
    }
    double[] reached = Torch.doubles(sample);
    double[] wanted = Torch.doubles(x0);
    for (int i = 0; i < wanted.length; i++) {
      assertThat(reached[i]).isCloseTo(wanted[i], within(1e-10));
    }
  }

  @Test
  void gradientsPassThroughAStep() {
    DdimSampler sampler = new DdimSampler(NoiseSchedule.stableDiffusion(), 5);
    Tensor sample = new RandomState(1).normal(1, 2, 2, 2).to(ScalarType.Double);
    Tensor output = new RandomState(2).normal(1, 2, 2, 2).to(ScalarType.Double);
    GradCheck.check(
        inputs -> sampler.step(inputs.get(0), 401, inputs.get(1)), List.of(output, sample), 1e-7);
  }

  @Test
  void refusesMoreStepsThanTheScheduleHas() {
    NoiseSchedule schedule = NoiseSchedule.stableDiffusion();
    assertThatThrownBy(() -> new DdimSampler(schedule, 1001))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("1001 steps", "1000 timesteps");
    assertThatThrownBy(() -> new DdimSampler(schedule, 1000))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("steps_offset 1", "timestep 1000");
  }
}
