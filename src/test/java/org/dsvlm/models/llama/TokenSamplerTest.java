/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

  /**
   * Expected: the processors that transformers 5.17 puts together for {@code generate}, on the same
   * logits and the context 3, 1, 3, 0.
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1|0|1|1|0.1533509 0.0169918 0.0461884 0.2794235 0.2794235 0.0017036 0.0841608 0.1387576",
        "0.7|0|1|1|0.1383326 0.0059703 0.0249126 0.3259695 0.3259695 0.0002234 0.0587046 0.1199175",
        "1|3|1|1|0.2153206 0 0 0.3923397 0.3923397 0 0 0",
        "1|1|1|1|0 0 0 0.5 0.5 0 0 0",
        "1|0|0.6|1|0.2153206 0 0 0.3923397 0.3923397 0 0 0",
        "1|0|0.3|1|0 0 0 0.5 0.5 0 0 0",
        "1|0|1|1.3|0.1284415 0.0163075 0.0546871 0.203774 0.3308374 0.002017 0.0996463 0.164289",
        "0.5|4|0.8|1.5|0 0 0 0.1651473 0.6697053 0 0 0.1651473",
        "2|0|0.9|0.8|0.184101 0 0.0837624 0.2678653 0.2060223 0 0.1130674 0.1451815",
        "1.3|5|0.05|1.2|0 0 0 0 1 0 0 0"
      })
  void probabilitiesAreThoseOfTransformers(
      double temperature, int topK, double topP, double penalty, String expected) {
    double[] logits = {1.5, -0.7, 0.3, 2.1, 2.1, -3.0, 0.9, 1.4};
    GenerationSettings settings = settings(temperature, topK, topP).withRepetitionPenalty(penalty);
    try (PointerScope scope = new PointerScope()) {
      TokenSampler.Candidates candidates =
          new TokenSampler(settings)
              .candidates(Torch.of(logits, logits.length), new long[] {3, 1, 3, 0});
      double[] probabilities = new double[logits.length];
      for (int i = 0; i < candidates.ids().length; i++) {
        probabilities[(int) candidates.ids()[i]] = candidates.probabilities()[i];
      }
      double[] wanted =
          Arrays.stream(expected.split(" ")).mapToDouble(Double::parseDouble).toArray();
      assertThat(probabilities).containsExactly(wanted, within(2e-7));
    }
  }

  /** A picture's token need not have a row in the vocabulary. */
  @Test
  void repetitionPenaltyPassesOverWhatIsNoToken() {
    GenerationSettings penalised = settings(0, 0, 1).withRepetitionPenalty(3);
    try (PointerScope scope = new PointerScope()) {
      var logits = Torch.of(new double[] {0.5, 1, 0.9}, 3);
      TokenSampler sampler = new TokenSampler(penalised);
      assertThat(sampler.next(logits, new long[] {-200, 32000}, 0, 0)).isEqualTo(1);
      assertThat(sampler.next(logits, new long[] {-200, 1, 3}, 0, 0)).isEqualTo(2);
    }
  }

  /** 1.1953125 / 1.1 is above 1.0859375, but in bfloat16 it is the same. */
  @Test
  void reducedLogitsArePenalisedInFloat32() {
    GenerationSettings penalised = settings(0, 0, 1).withRepetitionPenalty(1.1);
    try (PointerScope scope = new PointerScope()) {
      var logits = Torch.of(new double[] {1.0859375, 1.1953125}, 2).to(ScalarType.BFloat16);
      assertThat(new TokenSampler(penalised).next(logits, new long[] {1}, 0, 0)).isEqualTo(1);
    }
  }

  @Test
  void repetitionPenaltyLowersWhatIsThere() {
    GenerationSettings penalised = new GenerationSettings(1, 0, 0, 1, 3, Set.of(), 0);
    assertThat(frequencies(penalised)[1]).isCloseTo(1, within(1e-9));
    assertThat(frequencies(penalised, 1, 1)[3]).isCloseTo(1, within(1e-9)); // 0.5³ = 0.125 < 0.3
  }
}
