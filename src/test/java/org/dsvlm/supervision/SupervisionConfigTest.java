/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SupervisionConfigTest {
  @Test
  void nothingGivenIsTheDefault() {
    assertThat(parse("{}")).isEqualTo(SupervisionConfig.defaults());
  }

  @Test
  void readsEveryKey() {
    SupervisionConfig config =
        parse(
            """
            {"levels": {"low": 2, "mid": 4, "high": 6}, "features": ["high", "text"],
             "adapter": {"kind": "qformer", "queries": 9, "depth": 3}, "attention": "shared",
             "reconstruction": {"kind": "unrolled", "steps": 20, "gradient_steps": 4,
                                "noise_steps": 3},
             "loss": "0.5*mae+ssim", "weight": 0.25, "picture_size": 64,
             "timesteps": {"min_fraction": 0.1, "max_fraction": 0.5, "density": "logit-normal",
                           "logit_mean": 0.5, "logit_std": 2.0, "weighting": "min-snr",
                           "max_amplification": 3.0,
                           "epsilon": {"share": 0, "min_fraction": 0.2, "max_fraction": 0.9}},
             "tokens": {"kind": "grid", "grid": 2}, "warmup_steps": 7,
             "balance": {"kind": "gradient-norm", "share": 0.25}}\
            """);
    assertThat(config.levels()).isEqualTo(new SupervisionConfig.Levels(2, 4, 6));
    assertThat(config.features()).containsExactly(StandardFeature.TEXT, StandardFeature.HIGH);
    assertThat(config.adapter()).isEqualTo(new AdapterConfig(StandardAdapter.QFORMER, 9, 3));
    assertThat(config.attention()).isEqualTo(SupervisionConfig.Attention.SHARED);
    assertThat(config.reconstruction())
        .isEqualTo(
            new SupervisionConfig.Reconstruct(
                SupervisionConfig.Reconstruct.Way.UNROLLED, 20, 4, 3));
    assertThat(config.loss()).isEqualTo(LossExpression.parse("0.5*mae+ssim", "test"));
    assertThat(config.weight()).isEqualTo(0.25);
    assertThat(config.pictureSize()).isEqualTo(64);
    assertThat(config.timesteps())
        .isEqualTo(
            new TimestepConfig(
                0.1,
                0.5,
                TimestepConfig.Density.LOGIT_NORMAL,
                0.5,
                2,
                TimestepConfig.Weighting.MIN_SNR,
                3,
                new TimestepConfig.Epsilon(0, 0.2, 0.9)));
    assertThat(config.tokens()).isEqualTo(new TokenConfig(TokenConfig.Tokens.GRID, 2));
    assertThat(config.warmupSteps()).isEqualTo(7);
    assertThat(config.balance().ratio()).isEqualTo(0.25 / 0.75);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'wieght': 1} | 'wieght'",
        "{'levels': {'top': 3}} | 'levels.top'",
        "{'levels': {'low': 0}} | 'levels.low'",
        "{'features': []} | 'features'",
        "{'features': ['texts']} | 'texts'",
        "{'adapter': {'kind': 'lora'}} | 'lora'",
        "{'attention': 'none'} | 'attention'",
        "{'reconstruction': {'kind': 'two-step'}} | 'reconstruction.kind'",
        "{'reconstruction': {'steps': 3, 'gradient_steps': 4}} | gradient_steps",
        "{'loss': 'l2'} | 'l2'",
        "{'weight': -1} | weight",
        "{'picture_size': 0} | 'picture_size'",
        "{'max_timestep_fraction': 0.5} | timesteps.max_fraction",
        "{'timesteps': {'max_fraction': 1.5}} | timesteps.min_fraction",
        "{'timesteps': {'min_fraction': 1.0}} | timesteps.min_fraction",
        "{'timesteps': {'density': 'normal'}} | uniform, toward-noise, logit-normal",
        "{'timesteps': {'weighting': 'sqrt'}} | none, snr, min-snr, x0-variance",
        "{'timesteps': {'logit_std': 0}} | logit_std",
        "{'timesteps': {'max_amplification': -1}} | max_amplification",
        "{'timesteps': {'max': 1}} | timesteps.max",
        "{'timesteps': {'epsilon': {'share': 0.5}}} | timesteps.epsilon.share",
        "{'loss': 'mae+epsilon', 'timesteps': {'epsilon': {'share': 1}}} | timesteps.epsilon.share",
        "{'loss': 'mae+epsilon', 'reconstruction': {'kind': 'from-noise'}} | epsilon.share",
        "{'reconstruction': {'noise_steps': 0}} | noise_steps",
        "{'tokens': {'kind': 'some'}} | all, grid, class",
        "{'tokens': {'grid': 0}} | tokens.grid",
        "{'warmup_steps': -1} | warmup_steps",
        "{'balance': {'share': 1}} | balance.share",
        "{'balance': {'kind': 'loss'}} | none, gradient-norm",
        "{'loss': 'mae+epsilon', 'reconstruction': {'kind': 'unrolled'}} | epsilon",
      },
      quoteCharacter = '"')
  void rejects(String json, String named) {
    assertThatThrownBy(() -> parse(json.replace('\'', '"')))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(named);
  }

  private static SupervisionConfig parse(String json) {
    return SupervisionConfig.parse(TinyModel.json(json), "recipe.yaml");
  }
}
