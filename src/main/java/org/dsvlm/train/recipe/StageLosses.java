/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.recipe;

/** The losses of a stage, by their names in the metrics. */
public record StageLosses(LossSchedule language, LossSchedule reconstruction) {
  /** The schedule of the loss {@code name}; a loss that recipes do not know counts by 1. */
  public LossSchedule of(String name) {
    return switch (name) {
      case "language" -> language;
      case "reconstruction" -> reconstruction;
      default -> LossSchedule.CONSTANT;
    };
  }
}
