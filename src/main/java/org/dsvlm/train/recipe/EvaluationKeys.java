/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.recipe;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * What the trained model is asked at the run's end.
 *
 * @param questions files of questions by the benchmark's name; without any the model is not asked
 * @param form {@code options}: as the leaderboard asks; {@code open}: without the options
 * @param batchSize questions that are answered at a time
 * @param pictures of the held-out film strip
 */
public record EvaluationKeys(
    ObjectNode questions, String form, int maxNewTokens, int batchSize, int pictures) {
  /** The form of questions without their options. */
  public static final String OPEN = "open";

  public EvaluationKeys {
    Recipe.require(
        List.of("options", OPEN).contains(form), "form is '" + form + "'; known: options, open");
    Recipe.requirePositive("max_new_tokens", maxNewTokens);
    Recipe.requirePositive("batch_size", batchSize);
    Recipe.requireNotNegative("pictures", pictures);
  }
}
