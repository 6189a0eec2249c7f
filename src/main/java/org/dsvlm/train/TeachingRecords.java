/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.stream.IntStream;
import org.dsvlm.data.RecordSource;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.recipe.TrainedPart;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which records of a stage can change a parameter. One of text alone reaches the language model
 * only, by its loss; one with a picture reaches connector and encoder, too, and the supervision.
 */
final class TeachingRecords {
  private static final Logger LOG = LoggerFactory.getLogger(TeachingRecords.class);

  private TeachingRecords() {}

  /** Says in the log how many records of {@code stage} teach nothing, if there are any. */
  static void say(Recipe recipe, int stage, RecordSource records) {
    String why = why(recipe, stage);
    if (why.isEmpty()) {
      return;
    }
    long idle = idle(recipe, stage, records);
    if (idle > 0) {
      LOG.warn(
          "stage {}: {} of {} records can teach nothing, and a step of such records alone changes"
              + " no parameter: {}",
          stage,
          idle,
          records.size(),
          why);
    }
  }

  /** Records that change no parameter. */
  static long idle(Recipe recipe, int stage, RecordSource records) {
    if (why(recipe, stage).isEmpty()) {
      return 0;
    }
    boolean picturesTeach = recipe.hasLanguageLoss(stage) || recipe.hasReconstructionLoss(stage);
    return IntStream.range(0, records.size())
        .filter(index -> !picturesTeach || !records.pictured(index))
        .count();
  }

  /** Why text alone teaches nothing; empty if it does teach. */
  private static String why(Recipe recipe, int stage) {
    if (!recipe.hasLanguageLoss(stage)) {
      return "they are text alone, and the weight of the language loss is 0";
    }
    boolean trained =
        recipe.rate(stage, TrainedPart.LANGUAGE).isPresent()
            || recipe.rate(stage, TrainedPart.LORA).isPresent();
    return trained
        ? ""
        : "they are text alone, and neither the language model nor an adapter of it is trained"
            + " (model.language.trainable, model.language.lora.rank)";
  }
}
