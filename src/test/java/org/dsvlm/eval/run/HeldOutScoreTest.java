/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.dsvlm.eval.ClosedAnswer;
import org.junit.jupiter.api.Test;

class HeldOutScoreTest {
  private static final double ROUNDING = 1e-12;

  private static ClosedAnswer answer(String category, int options, String right, boolean hit) {
    List<String> texts = List.of(right, "b", "c", "d").subList(0, options);
    return new ClosedAnswer("1", category, texts, right, hit);
  }

  /** Colours: 3 of 4 right, "red" right twice. Presence: 1 of 2 right. */
  @Test
  void givesSharesBesideChanceAndTheMajorityAnswer() {
    ObjectNode json =
        HeldOutScore.json(
            List.of(
                answer("colour", 4, "red", true),
                answer("colour", 4, "Red", true),
                answer("colour", 4, "blue", false),
                answer("colour", 2, "green", true),
                answer("is there", 2, "Yes", true),
                answer("is there", 2, "No", false)));

    assertThat(json.path("questions").asInt()).isEqualTo(6);
    assertThat(json.path("accuracy").asDouble()).isCloseTo(4 / 6.0, within(ROUNDING));
    assertThat(json.path("chance").asDouble())
        .isCloseTo((3 * 0.25 + 0.5 + 0.5 + 0.5) / 6, within(ROUNDING));
    // Two reds and one of yes and no.
    assertThat(json.path("majority").asDouble()).isCloseTo(3 / 6.0, within(ROUNDING));
    ObjectNode colour = (ObjectNode) json.path("by_category").path("colour");
    assertThat(colour.path("questions").asInt()).isEqualTo(4);
    assertThat(colour.path("accuracy").asDouble()).isEqualTo(0.75);
    assertThat(colour.path("majority").asDouble()).isEqualTo(0.5);
    assertThat(colour.path("chance").asDouble()).isCloseTo(1.25 / 4, within(ROUNDING));
    assertThat(json.path("by_category").path("is there").path("accuracy").asDouble())
        .isEqualTo(0.5);
    assertThat(HeldOutScore.text(json))
        .contains("held-out questions: 66.7 % of 6 right, chance 37.5 %, majority answer 50.0 %")
        .contains("  colour: 75.0 % of 4 right");
  }
}
