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
import org.junit.jupiter.params.provider.ValueSource;

class LossExpressionTest {
  @Test
  void readsOneName() {
    assertThat(LossExpression.parse("perceptual", "test").terms())
        .containsExactly(new LossExpression.Term(1, StandardLoss.PERCEPTUAL));
  }

  @Test
  void readsAWeightedSum() {
    LossExpression expression = LossExpression.parse(" 0.5*mae + 1e+2 * ssim+.25*epsilon", "test");
    assertThat(expression.terms())
        .containsExactly(
            new LossExpression.Term(0.5, StandardLoss.MAE),
            new LossExpression.Term(100, StandardLoss.SSIM),
            new LossExpression.Term(0.25, StandardLoss.EPSILON));
    assertThat(expression.comparesNoise()).isTrue();
    assertThat(expression.comparesPictures()).isTrue();
    assertThat(LossExpression.parse("ssim+mae", "test").comparesNoise()).isFalse();
    assertThat(LossExpression.parse("2*epsilon", "test").comparesPictures()).isFalse();
    assertThat(expression.needsNetwork()).isFalse();
    assertThat(LossExpression.parse(expression.toString(), "test")).isEqualTo(expression);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "lpips", "0.5*", "mae+", "-1*mae", "mae*0.5", "mae ssim"})
  void rejectsTheRest(String text) {
    assertThatThrownBy(() -> LossExpression.parse(text, "recipe.yaml: 'loss'"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("recipe.yaml: 'loss'")
        .hasMessageContaining("perceptual");
  }

  @Test
  void needsANetworkForPerceptualLosses() {
    LossExpression expression = LossExpression.parse("mae+vgg_l1", "test");
    assertThat(expression.needsNetwork()).isTrue();
    assertThatThrownBy(() -> expression.build(null))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("perceptual network");
  }
}
