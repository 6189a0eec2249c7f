/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import java.util.LinkedHashMap;
import java.util.Map;
import org.dsvlm.weights.RenamedWeights;
import org.dsvlm.weights.WeightSource;
import org.jspecify.annotations.Nullable;

/**
 * Maps the tensor names of all layouts to ours: the original project's, those of Hugging Face files
 * until transformers 4.51 (which are ours), those from 4.52 on, and either of the latter with the
 * vision tower's names of transformers 5. No name has two meanings, so one table of prefixes reads
 * all layouts.
 */
public final class LlavaLayouts {
  /** From the prefix of a stored name to ours; the first that fits counts. */
  private static final Map<String, String> PREFIXES = new LinkedHashMap<>();

  /** What the names of the language model's parameters begin with. */
  static final String LANGUAGE_MODEL = "language_model.";

  private static final String VISION = "vision_tower.vision_model.";
  private static final String LANGUAGE = "language_model.model.";
  private static final String HEAD = "language_model.lm_head.";
  static final String CONNECTOR = "multi_modal_projector.";

  static {
    PREFIXES.put("model.vision_tower.vision_tower.vision_model.", VISION);
    PREFIXES.put("model.vision_tower.vision_model.", VISION);
    PREFIXES.put("model.vision_tower.", VISION);
    PREFIXES.put("vision_tower.vision_model.", VISION);
    PREFIXES.put("vision_tower.", VISION);
    PREFIXES.put("model.mm_projector.0.", CONNECTOR + "linear_1.");
    PREFIXES.put("model.mm_projector.2.", CONNECTOR + "linear_2.");
    PREFIXES.put("model.mm_projector.weight", CONNECTOR + "linear.weight");
    PREFIXES.put("model.mm_projector.bias", CONNECTOR + "linear.bias");
    PREFIXES.put("model.multi_modal_projector.", CONNECTOR);
    PREFIXES.put("model.language_model.", LANGUAGE);
    PREFIXES.put("language_model.lm_head.", HEAD);
    PREFIXES.put("lm_head.", HEAD);
    PREFIXES.put("language_model.model.", LANGUAGE);
    PREFIXES.put("model.embed_tokens.", LANGUAGE + "embed_tokens.");
    PREFIXES.put("model.layers.", LANGUAGE + "layers.");
    PREFIXES.put("model.norm.", LANGUAGE + "norm.");
  }

  private LlavaLayouts() {}

  /** {@code stored}, in whichever layout, under our names; closing the result closes it. */
  public static WeightSource read(WeightSource stored) {
    return new RenamedWeights(stored, LlavaLayouts::name);
  }

  /** Our name of a stored tensor, its own if no layout knows it, null for numbers without use. */
  public static @Nullable String name(String stored) {
    if (stored.endsWith(".rotary_emb.inv_freq") || stored.endsWith("embeddings.position_ids")) {
      return null;
    }
    for (Map.Entry<String, String> prefix : PREFIXES.entrySet()) {
      if (stored.startsWith(prefix.getKey())) {
        return prefix.getValue() + stored.substring(prefix.getKey().length());
      }
    }
    return stored;
  }

  /** Whether our name {@code name} belongs to the model itself rather than to what trains it. */
  public static boolean ours(String name) {
    return name.startsWith(VISION)
        || name.startsWith(LANGUAGE)
        || name.startsWith(HEAD)
        || name.startsWith(CONNECTOR);
  }

  /** From our name to that of transformers 4.52 and later. */
  public static String newest(String name) {
    if (name.startsWith(HEAD)) {
      return "lm_head." + name.substring(HEAD.length());
    }
    return name.startsWith(LANGUAGE)
        ? "model.language_model." + name.substring(LANGUAGE.length())
        : "model." + name;
  }

  /** From our name to that of the original project. */
  public static String original(String name) {
    if (name.startsWith(HEAD)) {
      return "lm_head." + name.substring(HEAD.length());
    }
    if (name.startsWith(LANGUAGE)) {
      return "model." + name.substring(LANGUAGE.length());
    }
    if (name.startsWith(VISION)) {
      return "model.vision_tower.vision_tower." + name.substring("vision_tower.".length());
    }
    return name.replace(CONNECTOR + "linear_1.", "model.mm_projector.0.")
        .replace(CONNECTOR + "linear_2.", "model.mm_projector.2.")
        .replace(CONNECTOR + "linear.", "model.mm_projector.");
  }
}
