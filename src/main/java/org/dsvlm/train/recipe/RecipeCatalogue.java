/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.recipe;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.dsvlm.catalogue.PublicModels;
import org.dsvlm.models.Families;
import org.dsvlm.models.vit.VisionFamily;
import org.dsvlm.supervision.StandardFeature;
import org.jspecify.annotations.Nullable;

/**
 * The recipes that come with the library. Those of the paper's tables are composed: a method, a
 * language model, an encoder and a data mix, each a file of its own, make the recipe {@code
 * ds-vlm-vicuna-7b-clip}, or {@code llava-qwen2-7b-siglip-mini-gemini}.
 */
final class RecipeCatalogue {
  /** The parts of each way to train: supervision, what of the encoder and language model learns. */
  private static final Map<String, List<String>> METHODS = methods();

  /** The first goes without saying in a recipe's name. */
  private static final List<String> DATA = List.of("llava", "mini-gemini");

  /** The model that the paper's ablations are made on, which the catalogue names first. */
  private static final String ABLATED = PublicModels.languageModels().get(0);

  private static final String DS_VLM = "ds-vlm";

  private static final List<String> SINGLE =
      List.of(
          "nano-scratch",
          "llava-1.5-7b",
          "llava-1.5-7b-lora",
          "llava-1.5-13b",
          "llava-1.5-13b-lora");

  /** They start from the models that this project ships, and are known where those are. */
  private static final List<String> ON_SHIPPED_MODELS = List.of("nano", "nano-lab", "nano-start");

  private RecipeCatalogue() {}

  private static Map<String, List<String>> methods() {
    Map<String, List<String>> methods = new LinkedHashMap<>();
    for (String method : List.of(DS_VLM, "ds-vlm-frozen", "llava", "llava-trainable")) {
      methods.put(method, List.of("method/" + method));
    }
    for (String method : List.of(DS_VLM, "llava")) {
      for (String tuning : List.of("full", "lora-128")) {
        methods.put(method + "-" + tuning, List.of("method/" + method, "tuning/" + tuning));
      }
    }
    return methods;
  }

  /** What the paper's ablations change, by the part's name below {@code variant/}. */
  private static List<String> variants() {
    List<String> variants = new ArrayList<>();
    List<String> features =
        Arrays.stream(StandardFeature.values()).map(StandardFeature::key).toList();
    for (int some = 1; some < (1 << features.size()) - 1; some++) {
      int chosen = some;
      variants.add(
          "features-"
              + IntStream.range(0, features.size())
                  .filter(i -> (chosen >> i & 1) == 1)
                  .mapToObj(features::get)
                  .collect(Collectors.joining("-")));
    }
    variants.addAll(
        List.of(
            "loss-mae",
            "loss-ssim",
            "loss-epsilon",
            "attention-shared",
            "adapter-mlp",
            "adapter-qformer",
            "picture-512",
            "unrolled"));
    return variants;
  }

  private static Map<String, List<String>> composed() {
    Map<String, List<String>> composed = new LinkedHashMap<>();
    for (String data : DATA) {
      for (Map.Entry<String, List<String>> method : METHODS.entrySet()) {
        for (String language : PublicModels.languageModels()) {
          for (String encoder : encoders()) {
            String name = String.join("-", method.getKey(), language, encoder);
            composed.put(
                data.equals(DATA.get(0)) ? name : name + "-" + data,
                parts(method.getValue(), language, encoder, data));
          }
        }
      }
    }
    for (String variant : variants()) {
      for (String encoder : encoders()) {
        List<String> parts =
            new ArrayList<>(parts(List.of("method/" + DS_VLM), ABLATED, encoder, DATA.get(0)));
        parts.add("variant/" + variant);
        composed.put(String.join("-", DS_VLM, variant, ABLATED, encoder), parts);
      }
    }
    return composed;
  }

  private static List<String> parts(
      List<String> method, String language, String encoder, String data) {
    List<String> parts = new ArrayList<>(method);
    parts.addAll(List.of("language/" + language, "vision/" + encoder, "data/" + data));
    return parts;
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
