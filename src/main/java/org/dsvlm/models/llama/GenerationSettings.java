/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.dsvlm.io.JsonConfig;

/**
 * The choice of the next token, and the end of an answer.
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

  /** Keys that are read, and keys without effect on the next token. */
  private static final Set<String> KNOWN =
      Set.of(
          "do_sample",
          "max_new_tokens",
          "temperature",
          "top_k",
          "top_p",
          "repetition_penalty",
          "eos_token_id",
          "chat_format",
          "max_window_size",
          "encoder_repetition_penalty",
          "encoder_no_repeat_ngram_size",
          "num_assistant_tokens",
          "num_assistant_tokens_schedule");

  /** Settings that are implemented for one value only, the transformers library's default. */
  private static final Map<String, Object> ONE_VALUE =
      Map.of(
          "num_beams", 1,
          "num_beam_groups", 1,
          "num_return_sequences", 1,
          "typical_p", 1.0,
          "diversity_penalty", 0.0,
          "min_length", 0,
          "guidance_scale", 1.0);

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
   * @throws DsVlmException naming a key whose value makes no sense, or which asks for a way of
   *     generating that is not built here
   */
  public static GenerationSettings parse(JsonNode json, String where, int maxNewTokens) {
    JsonConfig config = JsonConfig.of(json, where);
    config.collecting(
        () -> {
          ONE_VALUE.forEach(config::onlySupports);
          config.refuseUnknown(key -> KNOWN.contains(key) || ONE_VALUE.containsKey(key));
          return config;
        });
    Set<Long> stops = stopTokens(config);
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

  /**
   * Those of a model's folder: its generation_config.json or, without one, the likeliest token each
   * time. Stop tokens that generation_config.json does not name are those of config.json, of the
   * model first, then of its language model.
   *
   * @throws DsVlmException as {@link #parse} does
   */
  public static GenerationSettings read(Path folder, int maxNewTokens) {
    Path file = folder.resolve("generation_config.json");
    GenerationSettings settings =
        Files.exists(file)
            ? parse(JsonConfig.read(file).json(), file.toString(), maxNewTokens)
            : greedy(maxNewTokens, Set.of());
    if (!settings.stopTokens.isEmpty()) {
      return settings;
    }
    JsonConfig config = JsonConfig.read(folder.resolve("config.json"));
    Set<Long> stops = stopTokens(config);
    return settings.withStopTokens(
        stops.isEmpty() ? stopTokens(config.child("text_config")) : stops);
  }

  private static Set<Long> stopTokens(JsonConfig config) {
    Set<Long> stops = new TreeSet<>();
    JsonNode eos = config.json().path("eos_token_id");
    for (JsonNode id : eos.isArray() ? eos : List.of(eos)) {
      if (id.isIntegralNumber() && id.canConvertToLong() && id.asLong() >= 0) {
        stops.add(id.asLong());
      } else if (!id.isMissingNode() && !id.isNull()) {
        throw config.error("eos_token_id", "holds " + Excerpt.of(id) + ", which is no token id");
      }
    }
    return stops;
  }

  /** The same with at most {@code count} new tokens. */
  public GenerationSettings withMaxNewTokens(int count) {
    return new GenerationSettings(
        count, temperature, topK, topP, repetitionPenalty, stopTokens, seed);
  }

  /** The same with other stop tokens. */
  public GenerationSettings withStopTokens(Set<Long> ids) {
    return new GenerationSettings(
        maxNewTokens, temperature, topK, topP, repetitionPenalty, ids, seed);
  }

  /** The same with another repetition penalty. */
  public GenerationSettings withRepetitionPenalty(double penalty) {
    return new GenerationSettings(maxNewTokens, temperature, topK, topP, penalty, stopTokens, seed);
  }

  /** The same with other draws; {@code temperature} 0 draws none. */
  public GenerationSettings withSampling(double temperature, int topK, double topP, long seed) {
    return new GenerationSettings(
        maxNewTokens, temperature, topK, topP, repetitionPenalty, stopTokens, seed);
  }
}
