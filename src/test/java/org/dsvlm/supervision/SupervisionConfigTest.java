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
             "reconstruction": {"kind": "unrolled", "steps": 20, "gradient_steps": 4},
             "loss": "0.5*mae+ssim", "weight": 0.25, "picture_size": 64,
             "max_timestep_fraction": 0.5}""");
    assertThat(config.levels()).isEqualTo(new SupervisionConfig.Levels(2, 4, 6));
    assertThat(config.features()).containsExactly(Feature.TEXT, Feature.HIGH);
    assertThat(config.adapter()).isEqualTo(new AdapterConfig(StandardAdapter.QFORMER, 9, 3));
    assertThat(config.attention()).isEqualTo(SupervisionConfig.Attention.SHARED);
    assertThat(config.reconstruction()).isEqualTo(new SupervisionConfig.Reconstruct(true, 20, 4));
    assertThat(config.loss()).isEqualTo(LossExpression.parse("0.5*mae+ssim", "test"));
    assertThat(config.weight()).isEqualTo(0.25);
    assertThat(config.pictureSize()).isEqualTo(64);
    assertThat(config.maxTimestepFraction()).isEqualTo(0.5);
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
        "{'max_timestep_fraction': 1.5} | max_timestep_fraction",
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
