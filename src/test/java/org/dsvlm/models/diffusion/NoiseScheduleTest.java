/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

@ExtendWith(TensorScope.class)
class NoiseScheduleTest {

  private static ObjectNode json() {
    ObjectNode json = new ObjectMapper().createObjectNode();
    json.put("_class_name", "PNDMScheduler");
    json.put("beta_start", 0.00085);
    json.put("beta_end", 0.012);
    json.put("beta_schedule", "scaled_linear");
    json.put("num_train_timesteps", 1000);
    json.put("steps_offset", 1);
    return json;
  }

  @ParameterizedTest
  @CsvSource({
    "beta_schedule, sigmoid",
    "prediction_type, sample",
    "timestep_spacing, log",
    "_class_name, FlowMatchEulerDiscreteScheduler"
  })
  void refusesWhatItDoesNotKnow(String key, String value) {
    ObjectNode changed = TinyDiffusion.with(json(), key, value);
    assertThatThrownBy(() -> NoiseSchedule.parse(changed, "scheduler_config.json"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("scheduler_config.json", "'" + key + "'", value, "known: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"clip_sample", "thresholding"})
  void refusesSwitchesThatAreNotBuilt(String key) {
    ObjectNode changed = TinyDiffusion.with(json(), key, true);
    assertThatThrownBy(() -> NoiseSchedule.parse(changed, "scheduler_config.json"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("scheduler_config.json", "'" + key + "'");
  }

  @Test
  void refusesImpossibleBetas() {
    ObjectNode changed = TinyDiffusion.with(json(), "beta_end", 1.5);
    assertThatThrownBy(() -> NoiseSchedule.parse(changed, "scheduler_config.json"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("scheduler_config.json", "'beta_end'", "1.5");
  }

  @ParameterizedTest
  @EnumSource(Prediction.class)
  void aPerfectNetworkGivesBackPictureAndNoise(Prediction prediction) {
    NoiseSchedule schedule = NoiseSchedule.stableDiffusion().withPrediction(prediction);
    Tensor x0 = new RandomState(1).normal(3, 2, 2, 2).to(ScalarType.Double);
    Tensor noise = new RandomState(2).normal(3, 2, 2, 2).to(ScalarType.Double);
    Tensor timesteps = Torch.of(new long[] {0, 500, 999}, 3);
    Tensor noisy = schedule.addNoise(x0, noise, timesteps);
    Tensor output = schedule.target(x0, noise, timesteps);
    assertClose(schedule.predictOriginal(noisy, output, timesteps), x0);
    assertClose(schedule.predictEpsilon(noisy, output, timesteps), noise);
  }

  private static void assertClose(Tensor actual, Tensor expected) {
    double[] values = Torch.doubles(actual);
    double[] wanted = Torch.doubles(expected);
    for (int i = 0; i < wanted.length; i++) {
      assertThat(values[i]).isCloseTo(wanted[i], within(1e-12));
    }
  }

  @ParameterizedTest
  @CsvSource({"linear, 0.00085, 0.012", "scaled_linear, 0.00085, 0.012"})
  void betasRunFromStartToEnd(String kind, double first, double last) {
    double[] betas =
        Torch.doubles(
            NoiseSchedule.parse(TinyDiffusion.with(json(), "beta_schedule", kind), "s").betas());
    assertThat(betas).hasSize(1000);
    assertThat(betas[0]).isCloseTo(first, within(1e-12));
    assertThat(betas[999]).isCloseTo(last, within(1e-12));
    boolean straight = Math.abs(betas[500] - (first + (last - first) * 500 / 999)) < 1e-12;
    assertThat(straight).isEqualTo(kind.equals("linear"));
  }

  @Test
  void theCosineScheduleFollowsItsCurve() {
    NoiseSchedule schedule =
        NoiseSchedule.parse(TinyDiffusion.with(json(), "beta_schedule", "squaredcos_cap_v2"), "s");
    double[] alphas = Torch.doubles(schedule.alphasCumprod());
    double start = Math.pow(Math.cos(0.008 / 1.008 * Math.PI / 2), 2);
    for (int i = 0; i < 990; i++) {
      double share = ((i + 1) / 1000.0 + 0.008) / 1.008;
      double curve = Math.pow(Math.cos(share * Math.PI / 2), 2) / start;
      assertThat(alphas[i]).isCloseTo(curve, within(1e-9));
    }
    assertThat(Torch.doubles(schedule.betas())[999]).isEqualTo(0.999);
  }

  @Test
  void keysOfOtherSamplersAreSaid() {
    Logger logger = (Logger) LoggerFactory.getLogger(NoiseSchedule.class);
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    Level level = logger.getLevel();
    logger.setLevel(Level.INFO);
    log.start();
    logger.addAppender(log);
    try {
      NoiseSchedule.parse(json(), "s");
      ObjectNode full = json();
      full.put("sample_max_value", 1.0).put("use_karras_sigmas", false).putNull("solver_order");
      NoiseSchedule.parse(full, "s");
      assertThat(log.list).isEmpty();
      full.put("use_karras_sigmas", true).put("new_one", "x").put("skip_prk_steps", true);
      NoiseSchedule.parse(full, "s");
    } finally {
      logger.detachAppender(log);
      logger.setLevel(level);
    }
    assertThat(log.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .containsExactly(
            "s: DDIM samples here; not used: use_karras_sigmas, new_one, skip_prk_steps");
  }

  /** ᾱ by the paper's algorithm 1 over Stable Diffusion's β, computed by itself. */
  @Test
  void rescaledToNoSignalAtTheEnd() {
    ObjectNode json = TinyDiffusion.with(json(), "rescale_betas_zero_snr", true);
    json.put("prediction_type", "v_prediction");
    json.put("timestep_spacing", "trailing");
    NoiseSchedule schedule = NoiseSchedule.parse(json, "s");
    double[] alphas = Torch.doubles(schedule.alphasCumprod());
    assertThat(alphas[0]).isCloseTo(0.99915, within(1e-12));
    assertThat(alphas[1]).isCloseTo(0.9982334461401825, within(1e-12));
    assertThat(alphas[500]).isCloseTo(0.2410187827573158, within(1e-12));
    assertThat(alphas[998]).isCloseTo(1.9678880566211592e-07, within(1e-15));
    assertThat(alphas[999]).isZero();
    assertThat(schedule.samplingTimesteps(50)).startsWith(999, 979).endsWith(19);
    Tensor last = Torch.of(new long[] {999}, 1);
    Tensor noise = new RandomState(1).normal(1, 4, 2, 2);
    Tensor output = new RandomState(2).normal(1, 4, 2, 2);
    assertThat(Torch.floats(schedule.addNoise(output, noise, last)))
        .containsExactly(Torch.floats(noise));
    assertThat(Torch.floats(schedule.predictOriginal(noise, output, last)))
        .containsExactly(Torch.floats(output.neg()));
    assertThat(Torch.floats(schedule.predictEpsilon(noise, output, last)))
        .containsExactly(Torch.floats(noise));
  }

  @Test
  void refusesANetworkThatPredictsNoiseWhereThereIsNothingElse() {
    ObjectNode json = TinyDiffusion.with(json(), "rescale_betas_zero_snr", true);
    assertThatThrownBy(() -> NoiseSchedule.parse(json, "scheduler_config.json"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll(
            "scheduler_config.json",
            "'rescale_betas_zero_snr'",
            "set prediction_type to v_prediction");
  }

  @Test
  void writesWhatItReads() {
    NoiseSchedule schedule =
        NoiseSchedule.parse(json(), "s").withPrediction(Prediction.V_PREDICTION);
    NoiseSchedule again = NoiseSchedule.parse(schedule.toJson(), "again");
    assertThat(again.prediction()).isEqualTo(Prediction.V_PREDICTION);
    assertThat(Torch.doubles(again.alphasCumprod()))
        .containsExactly(Torch.doubles(schedule.alphasCumprod()));
    assertThat(again.samplingTimesteps(50)).containsExactly(schedule.samplingTimesteps(50));
  }
}
