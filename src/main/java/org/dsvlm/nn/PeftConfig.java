/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.dsvlm.io.BoundedRegex;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.dsvlm.io.JsonConfig;
import org.jspecify.annotations.Nullable;

/** PEFT's {@code adapter_config.json}, as far as it describes plain LoRA on linear layers. */
final class PeftConfig {
  /** Keys that are read here, and keys without effect on the result. */
  private static final Set<String> KNOWN =
      Set.of(
          "peft_type",
          "r",
          "lora_alpha",
          "lora_dropout",
          "use_rslora",
          "target_modules",
          "exclude_modules",
          "layers_to_transform",
          "layers_pattern",
          "rank_pattern",
          "alpha_pattern",
          "bias",
          "init_lora_weights",
          "eva_config",
          "base_model_name_or_path",
          "revision",
          "task_type",
          "inference_mode",
          "auto_mapping",
          "peft_version",
          "runtime_config",
          // Without their own switch, use_qalora and megatron_config, these two do nothing.
          "qalora_group_size",
          "megatron_core");

  /** Starts that leave the base model's weights alone; others come with weights of their own. */
  private static final Set<String> HARMLESS_STARTS =
      Set.of("true", "false", "gaussian", "eva", "orthogonal");

  private PeftConfig() {}

  /**
   * The settings.
   *
   * @throws DsVlmException for another method than LoRA, or a setting that changes what is computed
   *     and is not built here, naming file and key
   */
  static LoraConfig parse(JsonConfig json) {
    if (!json.text("peft_type").equals("LORA")) {
      throw json.error("peft_type", "is '" + json.text("peft_type") + "'; LORA alone is read");
    }
    json.collecting(
        () -> {
          json.refuseUnknown(KNOWN::contains);
          json.onlySupports("bias", "none");
          return json;
        });
    String start = json.json().path("init_lora_weights").asText("true");
    if (json.has("init_lora_weights") && !HARMLESS_STARTS.contains(start)) {
      throw json.error(
          "init_lora_weights",
          "is '"
              + start
              + "', a start that changes the base model's weights too; let PEFT convert the adapter"
              + " to plain LoRA when it saves it (path_initial_model_for_weight_conversion)");
    }
    try {
      return new LoraConfig(
          json.size("r", 8),
          json.number("lora_alpha", 8),
          json.number("lora_dropout", 0),
          json.flag("use_rslora", false),
          targets(json),
          ranks(json),
          alphas(json));
    } catch (DsVlmException e) {
      throw e.at(json.where());
    }
  }

  private static LoraTargets targets(JsonConfig json) {
    JsonNode modules = json.json().path("target_modules");
    if (!json.has("target_modules")) {
      throw json.error("target_modules", "is missing; it names the layers that are adapted");
    }
    boolean listed = modules.isArray();
    List<Integer> layers = layers(json);
    if (!listed && !layers.isEmpty()) {
      throw json.error("layers_to_transform", "is set, which needs target_modules to be a list");
    }
    JsonNode excluded = json.json().path("exclude_modules");
    @Nullable BoundedRegex excludedExpression = null;
    if (excluded.isTextual()) {
      excludedExpression = expression(json, "exclude_modules");
    }
    return new LoraTargets(
        listed ? texts(json, "target_modules") : null,
        listed ? null : expression(json, "target_modules"),
        excluded.isArray() ? texts(json, "exclude_modules") : List.of(),
        excludedExpression,
        layers,
        json.json().path("layers_pattern").isTextual()
            ? List.of(json.text("layers_pattern"))
            : texts(json, "layers_pattern"));
  }

  private static @Nullable BoundedRegex expression(JsonConfig json, String key) {
    try {
      BoundedRegex expression = LoraTargets.expression(json.text(key));
      return expression == null ? null : expression.from(json.where() + ": '" + key + "'");
    } catch (DsVlmException e) {
      throw json.error(key, "is wrong: " + e.getMessage());
    }
  }

  private static List<Integer> layers(JsonConfig json) {
    String key = "layers_to_transform";
    JsonNode value = json.json().path(key);
    List<Integer> layers = new ArrayList<>();
    if (json.has(key) && !value.isArray()) {
      layers.add(json.integer(key, 0));
    }
    for (JsonNode layer : value) {
      if (!layer.isInt()) {
        throw json.error(key, "holds " + Excerpt.of(layer) + ", not a whole number");
      }
      layers.add(layer.intValue());
    }
    return layers;
  }

  private static List<String> texts(JsonConfig json, String key) {
    List<String> texts = new ArrayList<>();
    if (json.has(key) && !json.json().get(key).isArray()) {
      throw json.error(key, "is " + Excerpt.of(json.json().get(key)) + ", not a list of texts");
    }
    for (JsonNode text : json.json().path(key)) {
      if (!text.isTextual()) {
        throw json.error(key, "holds " + Excerpt.of(text) + ", not text");
      }
      texts.add(text.textValue());
    }
    return texts;
  }

  private static Map<String, Integer> ranks(JsonConfig json) {
    Map<String, Integer> ranks = new LinkedHashMap<>();
    JsonConfig patterns = patterns(json, "rank_pattern");
    patterns.json().fieldNames().forEachRemaining(key -> ranks.put(key, patterns.size(key)));
    return ranks;
  }

  private static Map<String, Double> alphas(JsonConfig json) {
    Map<String, Double> alphas = new LinkedHashMap<>();
    JsonConfig patterns = patterns(json, "alpha_pattern");
    patterns.json().fieldNames().forEachRemaining(key -> alphas.put(key, patterns.number(key)));
    return alphas;
  }

  /** The object below {@code key}, whose own keys are regular expressions. */
  private static JsonConfig patterns(JsonConfig json, String key) {
    JsonConfig patterns = json.child(key);
    patterns
        .json()
        .fieldNames()
        .forEachRemaining(
            pattern -> {
              try {
                LoraTargets.expression(pattern);
              } catch (DsVlmException e) {
                throw json.error(key, "is wrong: " + e.getMessage());
              }
            });
    return patterns;
  }

  /**
   * The file that describes {@code lora}.
   *
   * @param names from a layer's path to that in the adapted model; null for a layer that it lacks
   * @param base where the adapted model lies, if it is to be named
   */
  static ObjectNode toJson(Lora lora, UnaryOperator<String> names, @Nullable String base) {
    LoraConfig config = lora.config();
    ObjectNode json = new ObjectMapper().createObjectNode();
    json.put("peft_type", "LORA")
        .put("task_type", "CAUSAL_LM")
        .put("base_model_name_or_path", base)
        .put("inference_mode", true)
        .put("r", config.rank())
        .put("lora_dropout", config.dropout())
        .put("use_rslora", config.rankStabilised())
        .put("bias", "none")
        .put("fan_in_fan_out", false)
        .put("init_lora_weights", true)
        .put("use_dora", false)
        .putNull("modules_to_save");
    putNumber(json, "lora_alpha", config.alpha());
    ArrayNode modules = json.putArray("target_modules");
    shortestNames(lora, names).forEach(modules::add);
    ObjectNode ranks = json.putObject("rank_pattern");
    ObjectNode alphas = json.putObject("alpha_pattern");
    for (String path : lora.paths()) {
      if (lora.rank(path) != config.rank()) {
        ranks.put(names.apply(path), lora.rank(path));
      }
      if (lora.alpha(path) != config.alpha()) {
        putNumber(alphas, names.apply(path), lora.alpha(path));
      }
    }
    return json;
  }

  /** As PEFT types alpha, a whole number where it is one. */
  private static void putNumber(ObjectNode json, String key, double value) {
    if (value == Math.rint(value)) {
      json.put(key, (long) value);
    } else {
      json.put(key, value);
    }
  }

  /**
   * Names for target_modules: of each adapted layer the last part of its path, unless a layer that
   * is not adapted ends so too; then the whole path.
   */
  private static Set<String> shortestNames(Lora lora, UnaryOperator<String> names) {
    Set<String> taken = new TreeSet<>();
    for (String path : lora.otherPaths()) {
      String name = names.apply(path);
      if (name != null) {
        taken.add(lastPart(name));
      }
    }
    Set<String> shortest = new TreeSet<>();
    for (String path : lora.paths()) {
      String name = names.apply(path);
      shortest.add(taken.contains(lastPart(name)) ? name : lastPart(name));
    }
    return shortest;
  }

  private static String lastPart(String path) {
    return path.substring(path.lastIndexOf('.') + 1);
  }
}
