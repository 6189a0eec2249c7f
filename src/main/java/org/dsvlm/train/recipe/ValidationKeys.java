/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.recipe;

/**
 * Evaluation while a run trains, where {@code data.validation} gives records for it.
 *
 * @param everySteps between two evaluations
 * @param patience evaluations in a row without a better loss that end a stage; 0: none do
 * @param records that are evaluated at most
 */
public record ValidationKeys(long everySteps, int patience, int records) {
  public ValidationKeys {
    Recipe.requirePositive("every_steps", everySteps);
    Recipe.requireNotNegative("patience", patience);
    Recipe.requirePositive("records", records);
  }
}
