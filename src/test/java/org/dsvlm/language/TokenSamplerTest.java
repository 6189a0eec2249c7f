/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.language;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.Test;

class TokenSamplerTest {
  private static final double[] PROBABILITIES = {0.15, 0.5, 0.05, 0.3};

  private static double[] frequencies(GenerationSettings settings, long... context) {
    double[] counts = new double[PROBABILITIES.length];
    int draws = 4000;
    try (PointerScope scope = new PointerScope()) {
      var logits = Torch.of(PROBABILITIES, PROBABILITIES.length).log();
      TokenSampler sampler = new TokenSampler(settings);
      for (int i = 0; i < draws; i++) {
        counts[(int) sampler.next(logits, context, 0, i)] += 1.0 / draws;
      }
    }
    return counts;
  }

  private static GenerationSettings settings(double temperature, int topK, double topP) {
    return GenerationSettings.greedy(1, Set.of()).withSampling(temperature, topK, topP, 5);
  }

  @Test
  void drawsByProbability() {
    assertThat(frequencies(settings(1, 0, 1))).containsExactly(PROBABILITIES, within(0.03));
  }

  @Test
  void temperatureSharpens() {
    // p² / Σp²
    double sum = 0.15 * 0.15 + 0.25 + 0.05 * 0.05 + 0.09;
    assertThat(frequencies(settings(0.5, 0, 1)))
        .containsExactly(
            new double[] {0.0225 / sum, 0.25 / sum, 0.0025 / sum, 0.09 / sum}, within(0.03));
  }

  @Test
  void topKKeepsTheLikeliest() {
    assertThat(frequencies(settings(1, 2, 1)))
        .containsExactly(new double[] {0, 0.625, 0, 0.375}, within(0.03));
  }

  @Test
  void topPKeepsTheFewestThatReachIt() {
    assertThat(frequencies(settings(1, 0, 0.6)))
        .containsExactly(new double[] {0, 0.625, 0, 0.375}, within(0.03));
    assertThat(frequencies(settings(1, 0, 0.4))[1]).isCloseTo(1, within(1e-9));
  }

  @Test
  void repetitionPenaltyLowersWhatIsThere() {
    GenerationSettings penalised = new GenerationSettings(1, 0, 0, 1, 3, Set.of(), 0);
    assertThat(frequencies(penalised)[1]).isCloseTo(1, within(1e-9));
    assertThat(frequencies(penalised, 1, 1)[3]).isCloseTo(1, within(1e-9)); // 0.5³ = 0.125 < 0.3
  }
}
