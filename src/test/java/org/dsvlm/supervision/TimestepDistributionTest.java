/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.diffusion.NoiseSchedule;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(TensorScope.class)
class TimestepDistributionTest {
  private static final int DRAWS = 4000;
  private final NoiseSchedule schedule = NoiseSchedule.stableDiffusion();

  @Test
  void theRangeOfEarlierVersionsIsDrawnAsItWas() {
    SupervisionDraw.Source source =
        source("{'timesteps': {'min_fraction': 0, 'max_fraction': 0.8}}");
    List<String> ids = List.of("a", "b", "c");
    SupervisionDraw draw = source.draw(ids, 7);
    RandomState random = new RandomState(3).fork("supervision");
    long[] expected =
        ids.stream()
            .mapToLong(id -> 1 + 20 * random.fork(id).fork(7).fork("timestep").below(40))
            .toArray();
    assertThat(Torch.longs(draw.timesteps())).containsExactly(expected);
    assertThat(Torch.floats(draw.noise().select(0, 1)))
        .containsExactly(Torch.floats(random.fork("b").fork(7).fork("noise").normal(4, 2, 2)));
    assertThat(draw.parts()).isNull();
  }

  @Test
  void theRangeIsCutOutOfTheGrid() {
    TimestepDistribution drawn = distribution("{'min_fraction': 0.6, 'max_fraction': 1.0}");
    assertThat(drawn.timesteps()).hasSize(20).startsWith(601, 621).endsWith(961, 981);
    assertThat(drawn.probabilities()).containsOnly(0.05);
  }

  /** Three timesteps, their places 1/6, 3/6 and 5/6. */
  @ParameterizedTest
  @CsvSource({
    "uniform, 0, 1, 0.333333333333, 0.333333333333, 0.333333333333",
    "toward-noise, 0, 1, 0.111111111111, 0.333333333333, 0.555555555556",
    // exp(-ln(5)²/2) / (5/36) and 1 / (1/4) before the sum is 1.
    "logit-normal, 0, 1, 0.248224, 0.503553, 0.248224",
    // The places' logits are -ln 5, 0, ln 5; z = (logit - 1) / 2.
    "logit-normal, 1, 2, 0.228078, 0.261923, 0.509999",
  })
  void eachDensityIsWhatItsNameSays(
      String density, double mean, double std, double first, double second, double third) {
    TimestepDistribution drawn =
        distribution(
            ("{'min_fraction': 0, 'max_fraction': 0.045, 'density': '%s',"
                    + " 'logit_mean': %s, 'logit_std': %s}")
                .formatted(density, mean, std));
    assertThat(drawn.timesteps()).containsExactly(1, 21, 41);
    assertThat(drawn.probabilities())
        .containsExactly(new double[] {first, second, third}, within(1e-6));
    int[] counts = new int[3];
    for (int i = 0; i < DRAWS; i++) {
      counts[Arrays.binarySearch(drawn.timesteps(), drawn.draw(new RandomState(5).fork(i)))]++;
    }
    for (int i = 0; i < 3; i++) {
      // Four standard errors of a share.
      assertThat(counts[i] / (double) DRAWS)
          .isCloseTo(drawn.probabilities()[i], within(4 * Math.sqrt(0.25 / DRAWS)));
    }
  }

  @Test
  void aShareOfThePicturesIsForTheNoiseAloneAndHasARangeOfItsOwn() {
    SupervisionDraw.Source source =
        source(
            """
            {'loss': 'mae+epsilon', 'timesteps': {'min_fraction': 0.6, 'max_fraction': 1,
             'epsilon': {'share': 0.25, 'min_fraction': 0.0, 'max_fraction': 0.1}}}""");
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 800; i++) {
      ids.add("r" + i);
    }
    SupervisionDraw draw = source.draw(ids, 0);
    TreeSet<Long> reconstructed = new TreeSet<>();
    Arrays.stream(Torch.longs(draw.parts().reconstructed())).forEach(reconstructed::add);
    assertThat(reconstructed.size() / 800.0).isCloseTo(0.75, within(0.07));
    long[] timesteps = Torch.longs(draw.timesteps());
    for (int i = 0; i < timesteps.length; i++) {
      assertThat(timesteps[i] >= 600).isEqualTo(reconstructed.contains((long) i));
    }
    // One picture's draw does not depend on its neighbours.
    SupervisionDraw alone = source.draw(List.of("r5"), 0);
    assertThat(Torch.longs(alone.timesteps())).containsExactly(timesteps[5]);
    assertThat(alone.parts() == null).isEqualTo(reconstructed.contains(5L));
    assertThat(torch.equal(alone.noise().select(0, 0), draw.noise().select(0, 5))).isTrue();
  }

  @Test
  void fromNoiseEveryPictureStartsAtTheNoisiestTimestep() {
    SupervisionDraw draw =
        source("{'loss': 'mae', 'reconstruction': {'kind': 'from-noise'}}")
            .draw(List.of("a", "b"), 1);
    assertThat(Torch.longs(draw.timesteps())).containsExactly(981, 981);
  }

  @Test
  void namesARangeWithoutATimestep() {
    assertThatThrownBy(() -> source("{'timesteps': {'min_fraction': 0.99, 'max_fraction': 1}}"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("timesteps from 0.99 to 1.0")
        .hasMessageContaining("50 steps");
  }

  private TimestepDistribution distribution(String timesteps) {
    return SupervisionDraw.reconstruction(schedule, config("{'timesteps': " + timesteps + "}"));
  }

  private SupervisionDraw.Source source(String settings) {
    return SupervisionDraw.of(new RandomState(3), schedule, config(settings), new long[] {4, 2, 2});
  }

  private static SupervisionConfig config(String settings) {
    return SupervisionConfig.parse(TinyModel.json(settings.replace('\'', '"')), "test");
  }
}
