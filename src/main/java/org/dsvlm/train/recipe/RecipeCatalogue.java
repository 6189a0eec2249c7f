/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.recipe;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.dsvlm.catalogue.PublicModels;
import org.dsvlm.models.Families;
import org.dsvlm.models.vit.VisionFamily;
import org.jspecify.annotations.Nullable;

/**
 * The recipes that come with the library. Those of the paper's tables are composed: a method, a
 * language model, an encoder and a data mix, each a file of its own, make the recipe {@code
 * ds-vlm-vicuna-7b-clip}, or {@code llava-qwen2-7b-siglip-mini-gemini}.
 */
final class RecipeCatalogue {
  /** With or without supervision, frozen or trainable encoder. */
  private static final List<String> METHODS =
      List.of("ds-vlm", "ds-vlm-frozen", "llava", "llava-trainable");

  /** The first goes without saying in a recipe's name. */
  private static final List<String> DATA = List.of("llava", "mini-gemini");

  private static final List<String> SINGLE =
      List.of("nano-scratch", "llava-1.5-7b", "llava-1.5-13b");

  /** They start from the models that this project ships, and are known where those are. */
  private static final List<String> ON_SHIPPED_MODELS = List.of("nano", "nano-lab");

  private RecipeCatalogue() {}

  private static Map<String, List<String>> composed() {
    Map<String, List<String>> composed = new LinkedHashMap<>();
    for (String data : DATA) {
      for (String method : METHODS) {
        for (String language : PublicModels.languageModels()) {
          for (String encoder : encoders()) {
            String name = String.join("-", method, language, encoder);
            composed.put(
                data.equals(DATA.get(0)) ? name : name + "-" + data,
                List.of(
                    "method/" + method,
                    "language/" + language,
                    "vision/" + encoder,
                    "data/" + data));
          }
        }
      }
    }
    return composed;
  }

  /** The families of which a public encoder is known. */
  private static List<String> encoders() {
    return Families.all(VisionFamily.class).stream()
        .filter(family -> !family.presets().isEmpty())
        .map(VisionFamily::key)
        .toList();
  }

  /** Every recipe. */
  static List<String> names() {
    List<String> names = new ArrayList<>();
    if (Files.isDirectory(Place.SHIPPED.folder())) {
      names.addAll(ON_SHIPPED_MODELS);
    }
    names.addAll(SINGLE);
    names.addAll(composed().keySet());
    return List.copyOf(names);
  }

  /** The parts that the recipe {@code name} is composed of; null if it is a file of its own. */
  static @Nullable List<String> parts(String name) {
    return composed().get(name);
  }
}
