/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.lab;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.dsvlm.io.Sha256;
import org.dsvlm.train.recipe.RecipeReader;

/**
 * What decides an arm's figures: the keys of its recipe, but for those that change no figure, and
 * the content of the files that it names. The address is a hash of what differs from the defaults,
 * so that equal arms of several comparisons are one, and a key that a later version adds leaves the
 * addresses as they are.
 */
final class ArmSettings {
  private static final int DIGITS = 12;

  /** Sections and keys that change no figure but time. */
  private static final List<String> WITHOUT_EFFECT =
      List.of(
          "seed",
          "device",
          "threads",
          "activation_checkpointing",
          "checkpoint.",
          "tensorboard.",
          "report.",
          "distributed.",
          "data.threads",
          "data.expected.",
          "evaluation.batch_size",
          "evaluation.pictures");

  private final ObjectNode recipe;
  private final Map<String, String> values = new TreeMap<>();
  private final String address;

  /** The settings of a resolved recipe, whose files {@code contents} knows. */
  ArmSettings(ObjectNode recipe, ContentHashes contents) {
    this.recipe = recipe;
    Map<String, JsonNode> defaults = RecipeReader.leaves(RecipeReader.defaults());
    MessageDigest digest = Sha256.digest();
    RecipeReader.leaves(recipe)
        .forEach(
            (key, value) -> {
              if (WITHOUT_EFFECT.stream().noneMatch(key::startsWith)) {
                values.put(key, text(value, contents));
              }
            });
    values.forEach(
        (key, value) -> {
          JsonNode usual = defaults.get(key);
          if (usual == null || !value.equals(text(usual, contents))) {
            digest.update((key + "=" + value + "\n").getBytes(StandardCharsets.UTF_8));
          }
        });
    this.address = HexFormat.of().formatHex(digest.digest()).substring(0, DIGITS);
  }

  private static String text(JsonNode value, ContentHashes contents) {
    return value.isTextual() ? contents.of(value.textValue()) : value.toString();
  }

  /** The whole recipe. */
  ObjectNode recipe() {
    return recipe;
  }

  /** The name under which the arm's results are kept. */
  String address() {
    return address;
  }

  /** Every key that counts, with its value; of a file, a hash of its content. */
  Map<String, String> values() {
    return values;
  }

  /** The keys that both know and that differ from {@code earlier}, in words. */
  List<String> changes(Map<String, String> earlier) {
    List<String> changes = new ArrayList<>();
    values.forEach(
        (key, value) -> {
          String before = earlier.get(key);
          if (before != null && !before.equals(value)) {
            changes.add(key + " was " + before + ", is " + value);
          }
        });
    return changes;
  }
}
