/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.language;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.dsvlm.tensor.DsVlmException;
import org.dsvlm.tensor.JsonConfig;

/**
 * How the next token is chosen, and when to stop.
 *
 * @param maxNewTokens the most tokens to make
 * @param temperature divides the logits; 0 takes the likeliest token
 * @param topK draws among that many likeliest tokens; 0 for all
 * @param topP draws among the likeliest tokens that together reach this probability; 1 for all
 * @param repetitionPenalty above 1 makes tokens that are already there less likely (Keskar et al.
 *     2019); 1 for none
 * @param stopTokens ids that end the answer
 * @param seed of the draws
 */
public record GenerationSettings(
    int maxNewTokens,
    double temperature,
    int topK,
    double topP,
    double repetitionPenalty,
    Set<Long> stopTokens,
    long seed) {

  public GenerationSettings {
    stopTokens = Set.copyOf(stopTokens);
    check(maxNewTokens >= 1, "max_new_tokens", maxNewTokens, "at least 1");
    check(temperature >= 0, "temperature", temperature, "0 or more");
    check(topK >= 0, "top_k", topK, "0 or more");
    check(topP > 0 && topP <= 1, "top_p", topP, "above 0 and at most 1");
    check(repetitionPenalty > 0, "repetition_penalty", repetitionPenalty, "above 0");
  }

  private static void check(boolean right, String name, Object value, String wanted) {
    if (!right) {
      throw new DsVlmException(name + " is " + value + "; it has to be " + wanted);
    }
  }

  /** The likeliest token each time. */
  public static GenerationSettings greedy(int maxNewTokens, Set<Long> stopTokens) {
    return new GenerationSettings(maxNewTokens, 0, 0, 1, 1, stopTokens, 0);
  }

  /**
   * From generation_config.json: {@code eos_token_id} (one or a list), {@code do_sample}, {@code
   * temperature}, {@code top_k}, {@code top_p}, {@code repetition_penalty}, {@code max_new_tokens}.
   * Absent keys have the transformers library's values, but for {@code max_new_tokens}, which is
   * {@code maxNewTokens}.
   *
   * @param where the file, for messages
   */
  public static GenerationSettings parse(JsonNode json, String where, int maxNewTokens) {
    JsonConfig config = JsonConfig.of(json, where);
    Set<Long> stops = new TreeSet<>();
    JsonNode eos = json.path("eos_token_id");
    for (JsonNode id : eos.isArray() ? eos : List.of(eos)) {
      if (id.canConvertToLong()) {
        stops.add(id.asLong());
      } else if (!id.isMissingNode() && !id.isNull()) {
        throw config.error("eos_token_id", "holds " + id + ", which is no token id");
      }
    }
    boolean sample = config.flag("do_sample", false);
    try {
      return new GenerationSettings(
          config.size("max_new_tokens", maxNewTokens),
          sample ? config.number("temperature", 1) : 0,
          sample ? config.integer("top_k", 50) : 0,
          sample ? config.number("top_p", 1) : 1,
          config.number("repetition_penalty", 1),
          stops,
          0);
    } catch (DsVlmException e) {
      throw new DsVlmException(where + ": " + e.getMessage(), e);
    }
  }

  /** The same with at most {@code count} new tokens. */
  public GenerationSettings withMaxNewTokens(int count) {
    return new GenerationSettings(
        count, temperature, topK, topP, repetitionPenalty, stopTokens, seed);
  }

  /** The same with other draws; {@code temperature} 0 draws none. */
  public GenerationSettings withSampling(double temperature, int topK, double topP, long seed) {
    return new GenerationSettings(
        maxNewTokens, temperature, topK, topP, repetitionPenalty, stopTokens, seed);
  }
}
