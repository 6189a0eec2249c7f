/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.dsvlm.io.Excerpt;
import org.dsvlm.io.JsonConfig;

/**
 * The keys of diffusers' configurations that are not plain: a class name, and lists with one entry
 * a level.
 */
final class DiffusersConfig {
  private DiffusersConfig() {}

  /** Fails unless the file describes a {@code className}; files that do not say pass. */
  static void requireClass(JsonConfig config, String className) {
    String actual = config.text("_class_name", className);
    if (!actual.equals(className)) {
      throw config.error("_class_name", "is " + actual + "; here a " + className + " is needed");
    }
  }

  /** Fails if {@code key} switches on a part that is not built here. */
  static void requireOff(JsonConfig config, String key) {
    JsonNode value = config.json().path(key);
    if (config.has(key) && !(value.isBoolean() && !value.booleanValue())) {
      throw config.error(
          key, "is " + Excerpt.of(value) + ", a part that is not supported; leave it out");
    }
  }

  /** Fails unless the activation is SiLU, under either of its names. */
  static void requireSilu(JsonConfig config) {
    if (!config.text("act_fn", "silu").equals("swish")) {
      config.onlySupports("act_fn", "silu");
    }
  }

  /** The constant whose name in lower case stands at {@code key}. */
  static <E extends Enum<E>> E oneOf(JsonConfig config, String key, E[] known, String absent) {
    String text = config.text(key, absent);
    for (E constant : known) {
      if (configName(constant).equals(text)) {
        return constant;
      }
    }
    String names =
        Arrays.stream(known).map(DiffusersConfig::configName).collect(Collectors.joining(", "));
    throw config.error(key, "is '" + text + "'; known: " + names);
  }

  static String configName(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  /** The list {@code key} of numbers above zero. */
  static List<Integer> sizes(JsonConfig config, String key) {
    List<Integer> sizes = new ArrayList<>();
    for (JsonNode element : elements(config, key)) {
      if (!element.isInt() || element.intValue() <= 0) {
        throw config.error(
            key, "holds " + Excerpt.of(element) + "; each has to be a whole number above zero");
      }
      sizes.add(element.intValue());
    }
    return List.copyOf(sizes);
  }

  /** One number for all levels, or a list of {@code levels} of them. */
  static List<Integer> sizePerLevel(JsonConfig config, String key, int levels, int absent) {
    if (!config.json().path(key).isArray()) {
      return Collections.nCopies(levels, config.size(key, absent));
    }
    List<Integer> sizes = sizes(config, key);
    requireLevels(config, key, sizes.size(), levels);
    return sizes;
  }

  /** A list of {@code levels} block types: true for {@code attention}, false for {@code plain}. */
  static List<Boolean> attentionPerLevel(
      JsonConfig config, String key, int levels, String plain, String attention) {
    List<Boolean> attends = new ArrayList<>();
    for (JsonNode element : elements(config, key)) {
      String type = element.asText();
      if (!type.equals(plain) && !type.equals(attention)) {
        throw config.error(
            key, "holds " + Excerpt.of(element) + "; known: " + attention + ", " + plain);
      }
      attends.add(type.equals(attention));
    }
    requireLevels(config, key, attends.size(), levels);
    return List.copyOf(attends);
  }

  /** Fails unless {@code key} is a list of {@code levels} times {@code type}. */
  static void requireBlocks(JsonConfig config, String key, int levels, String type) {
    attentionPerLevel(config, key, levels, type, type);
  }

  static ArrayNode array(List<Integer> values) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    values.forEach(array::add);
    return array;
  }

  private static JsonNode elements(JsonConfig config, String key) {
    JsonNode value = config.json().path(key);
    if (!config.has(key)) {
      throw config.error(key, "is missing");
    }
    if (!value.isArray() || value.isEmpty()) {
      throw config.error(key, "is " + Excerpt.of(value) + ", not a list");
    }
    return value;
  }

  private static void requireLevels(JsonConfig config, String key, int size, int levels) {
    if (size != levels) {
      throw config.error(key, "has " + size + " entries where block_out_channels has " + levels);
    }
  }
}
