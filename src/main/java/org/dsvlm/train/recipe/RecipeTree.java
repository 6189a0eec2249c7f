/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;

/**
 * The keys of a recipe while it is put together. Each key's type is that of its default; a default
 * that is an empty mapping stands for another format's keys and takes any.
 */
final class RecipeTree {
  /** Keys of earlier versions and what they have become. */
  private static final Map<String, String> RENAMED =
      Map.of(
          "distributed.shard_optimizer", "distributed.zero: 0 for false, 1 for true",
          "supervision.max_timestep_fraction", "supervision.timesteps.max_fraction");

  private final ObjectNode root;

  /** Paths of the mappings that take any key. */
  private final Set<String> open = new HashSet<>();

  /** Paths of the numbers that may be left unset: null by default. */
  private final Set<String> unset = new HashSet<>();

  RecipeTree(ObjectNode defaults) {
    this.root = defaults.deepCopy();
    collectOpen(defaults, "");
  }

  private void collectOpen(ObjectNode tree, String path) {
    if (tree.isEmpty()) {
      open.add(path);
    }
    for (Map.Entry<String, JsonNode> entry : tree.properties()) {
      if (entry.getValue() instanceof ObjectNode below) {
        collectOpen(below, path + entry.getKey() + ".");
      } else if (entry.getValue().isNull()) {
        unset.add(path + entry.getKey());
      }
    }
  }

  ObjectNode root() {
    return root;
  }

  /** Writes every key of {@code changes} over the default. */
  void merge(ObjectNode changes, String where) {
    merge(root, changes, "", where);
  }

  private void merge(ObjectNode into, ObjectNode changes, String path, String where) {
    for (Map.Entry<String, JsonNode> change : changes.properties()) {
      String key = path + change.getKey();
      JsonNode known = into.get(change.getKey());
      if (open.contains(path)) {
        into.set(change.getKey(), change.getValue().deepCopy());
      } else if (known == null) {
        throw unknown(key, where);
      } else if (known instanceof ObjectNode below
          && change.getValue() instanceof ObjectNode value) {
        merge(below, value, key + ".", where);
      } else {
        into.set(change.getKey(), typed(known, change.getValue(), key, where));
      }
    }
  }

  /** Applies one {@code key=value} of the command line. */
  void override(String assignment) {
    int equals = assignment.indexOf('=');
    if (equals <= 0) {
      throw new DsVlmException("--set " + assignment + ": write key=value");
    }
    String key = assignment.substring(0, equals).strip();
    String where = "--set " + assignment;
    String text = assignment.substring(equals + 1).strip();
    ObjectNode parent = root;
    String[] parts = key.split("\\.", -1);
    for (int i = 0; i < parts.length - 1; i++) {
      if (!(parent.get(parts[i]) instanceof ObjectNode below)) {
        throw unknown(key, where);
      }
      parent = below;
    }
    String last = parts[parts.length - 1];
    JsonNode known = parent.get(last);
    if (known == null) {
      throw unknown(key, where);
    }
    JsonNode value = known.isTextual() ? TextNode.valueOf(text) : RecipeReader.value(text, where);
    parent.set(last, typed(known, value, key, where));
  }

  private JsonNode typed(JsonNode before, JsonNode value, String key, String where) {
    if (unset.contains(key) && value.isNull()) {
      return value;
    }
    JsonNode known = unset.contains(key) ? DoubleNode.valueOf(0) : before;
    if (known.isDouble() && value.isNumber()) {
      return DoubleNode.valueOf(value.doubleValue());
    }
    if (known.isDouble() && value.isTextual()) {
      // YAML 1.1 reads 1e-3, without a dot, as text.
      try {
        return DoubleNode.valueOf(Double.parseDouble(value.textValue()));
      } catch (NumberFormatException e) {
        throw wrongType(known, value, key, where);
      }
    }
    boolean same =
        known.isNumber() ? value.isIntegralNumber() : known.getNodeType() == value.getNodeType();
    if (!same) {
      throw wrongType(known, value, key, where);
    }
    return value.deepCopy();
  }

  private static DsVlmException wrongType(
      JsonNode known, JsonNode value, String key, String where) {
    String wanted =
        known.isDouble()
            ? "a number"
            : known.isNumber()
                ? "a whole number"
                : switch (known.getNodeType()) {
                  case BOOLEAN -> "true or false";
                  case ARRAY -> "a list";
                  case OBJECT -> "a mapping";
                  default -> "text";
                };
    return new DsVlmException(
        where + ": '" + key + "' takes " + wanted + ", not " + Excerpt.of(value));
  }

  private DsVlmException unknown(String key, String where) {
    String renamed = RENAMED.get(key);
    if (renamed != null) {
      return new DsVlmException(
          where + ": unknown key '" + key + "'; it has become '" + renamed + "'");
    }
    List<String> known = new ArrayList<>();
    collect(root, "", known);
    String nearest = Nearest.to(key, known);
    return new DsVlmException(
        where + ": unknown key '" + key + "'; the nearest known one is '" + nearest + "'");
  }

  private static void collect(ObjectNode tree, String path, List<String> keys) {
    for (Map.Entry<String, JsonNode> entry : tree.properties()) {
      if (entry.getValue() instanceof ObjectNode below && !below.isEmpty()) {
        collect(below, path + entry.getKey() + ".", keys);
      } else {
        keys.add(path + entry.getKey());
      }
    }
  }
}
