/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.recipe;

import java.util.LinkedHashMap;
import java.util.Map;
import org.dsvlm.io.DsVlmException;
import org.jspecify.annotations.Nullable;

/**
 * Learning rates of a stage by part, as a recipe gives them: 0 freezes a part, null leaves it to
 * the recipe's other keys.
 */
public record PartRates(
    @Nullable Double connector,
    @Nullable Double vision,
    @Nullable Double language,
    @Nullable Double lora,
    @Nullable Double adapters,
    @Nullable Double experts,
    @Nullable Double routers,
    @Nullable Double unet) {
  public PartRates {
    Map<String, Double> given = new LinkedHashMap<>();
    given.put("connector", connector);
    given.put("vision", vision);
    given.put("language", language);
    given.put("lora", lora);
    given.put("adapters", adapters);
    given.put("experts", experts);
    given.put("routers", routers);
    given.put("unet", unet);
    given.forEach(
        (part, rate) -> {
          if (rate != null && !(rate >= 0 && rate < Double.POSITIVE_INFINITY)) {
            throw new DsVlmException(part + " has to be a rate, or 0 to freeze it, not " + rate);
          }
        });
  }

  /** The rate given for {@code part}. */
  @Nullable Double of(TrainedPart part) {
    return switch (part) {
      case CONNECTOR -> connector;
      case VISION -> vision;
      case LANGUAGE -> language;
      case LORA -> lora;
      case ADAPTERS -> adapters;
      case EXPERTS -> experts;
      case ROUTERS -> routers;
      case UNET -> unet;
    };
  }
}
