/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.within;

import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.models.diffusion.DdimSampler;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.Test;

class ConditionUseTest {
  private static final String ALL = "{\"reconstruction\": {\"steps\": 5}, \"loss\": \"mae\"}";

  /** Of three pictures: "colour" is 1, 2, 4 and "shape" is 10, 10, 16. */
  private static Map<String, Tensor> features() {
    Map<String, Tensor> features = new LinkedHashMap<>();
    features.put("colour", Torch.of(new double[] {1, 2, 4}, 3, 1, 1));
    features.put("shape", Torch.of(new double[] {10, 10, 16}, 3, 1, 1));
    return features;
  }

  /**
   * The loss is 2 with own features, and rises by a hundredth of the timestep for each unit that a
   * feature is off. Another's colours are off by 1, 2, 3 (mean 2), another's shapes by 0, 6, 6
   * (mean 4), zeros by 7/3 and 12.
   */
  @Test
  void isTheShareByWhichTheLossRises() {
    try (PointerScope scope = new PointerScope()) {
      Map<String, Tensor> own = features();
      ConditionUse use =
          ConditionUse.measure(
              own,
              new long[] {1, 3},
              (seen, timestep) -> {
                Tensor off = Torch.of(new double[3], 3);
                for (String name : own.keySet()) {
                  off = off.add(seen.get(name).sub(own.get(name)).abs().flatten());
                }
                return off.mul(Torch.scalar(0.01 * timestep)).add(Torch.scalar(2));
              });
      assertThat(use.byTimestep()).containsOnlyKeys(1L, 3L);
      assertThat(use.byTimestep().get(1L)).isCloseTo(0.03, within(1e-12));
      assertThat(use.byTimestep().get(3L)).isCloseTo(0.09, within(1e-12));
      assertThat(use.mean()).isCloseTo(0.06, within(1e-12));
      assertThat(use.byFeature().get("colour")).isCloseTo(0.02, within(1e-12));
      assertThat(use.byFeature().get("shape")).isCloseTo(0.04, within(1e-12));
      assertThat(use.zeros()).isCloseTo(0.01 * (7.0 / 3 + 12), within(1e-12));
    }
  }

  private static ConditionUse of(TinyModel model) {
    Tensor picture = model.random("picture", 2, 3, TinyModel.PICTURE, TinyModel.PICTURE);
    Tensor noise = model.random("noise", 2, 4, TinyModel.LATENT, TinyModel.LATENT);
    return ConditionUse.measure(
        model.features(2),
        new long[] {201, 601},
        (seen, timestep) ->
            model
                .supervisor
                .loss(seen, picture, DdimSampler.timesteps(timestep, picture), noise)
                .perSample());
  }

  @Test
  void isZeroWhereTheUNetIgnoresItsContexts() {
    try (PointerScope scope = new PointerScope();
        TinyModel model = new TinyModel(ALL, ScalarType.Double)) {
      assertThat(of(model).mean()).isNotZero();
      try (NoGradGuard guard = new NoGradGuard()) {
        model
            .stableDiffusion
            .unetStore()
            .tensors()
            .forEach(
                (name, tensor) -> {
                  if (name.contains(".attn2.to_out.")) {
                    tensor.zero_();
                  }
                });
      }
      ConditionUse use = of(model);
      assertThat(use.byTimestep()).containsOnly(entry(201L, 0.0), entry(601L, 0.0));
      assertThat(use.byFeature())
          .containsOnly(
              entry("text", 0.0), entry("low", 0.0), entry("mid", 0.0), entry("high", 0.0));
      assertThat(use.zeros()).isZero();
    }
  }

  /** Ten timesteps of the grid may be drawn; the middles of their thirds, and no more than all. */
  @Test
  void timestepsStandForTheDrawnOnes() {
    try (PointerScope scope = new PointerScope();
        TinyModel model =
            new TinyModel(
                "{\"reconstruction\": {\"steps\": 20}, \"timesteps\":"
                    + " {\"min_fraction\": 0.0, \"max_fraction\": 0.5}}",
                ScalarType.Double)) {
      SupervisionDraw.Source draws = model.supervisor.draws(new RandomState(1));
      assertThat(draws.quantiles(1)).containsExactly(251);
      assertThat(draws.quantiles(2)).containsExactly(101, 351);
      assertThat(draws.quantiles(99)).hasSize(10);
    }
  }
}
