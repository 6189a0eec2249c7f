/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.io.Services;
import org.jspecify.annotations.Nullable;

/**
 * The families of models that there are: all that {@link java.util.ServiceLoader} finds under
 * {@link ModelFamily}, this library's and others; and the public models that they know by name.
 */
public final class Families {
  private static @Nullable List<ModelFamily<?>> all;

  /** A public model and its family. */
  private record Known<C>(ModelFamily<C> family, Preset preset) {
    static <C> Stream<Known<?>> of(ModelFamily<C> family) {
      return family.presets().stream().map(preset -> new Known<>(family, preset));
    }

    boolean isOf(Class<?> configType) {
      return configType.isAssignableFrom(family.configType());
    }

    C config() {
      return family.configOf(preset);
    }

    ModelFolder folder() {
      return family.folderOf(preset);
    }
  }

  private Families() {}

  /** Every family. */
  public static synchronized List<ModelFamily<?>> all() {
    if (all == null) {
      List<ModelFamily<?>> found =
          Services.load(ModelFamily.class).stream().<ModelFamily<?>>map(family -> family).toList();
      requireDistinct(found);
      all = found;
    }
    return all;
  }

  private static void requireDistinct(List<ModelFamily<?>> families) {
    Map<String, ModelFamily<?>> byType = new HashMap<>();
    for (ModelFamily<?> family : families) {
      for (String type : family.modelTypes()) {
        ModelFamily<?> other = byType.put(type, family);
        if (other != null) {
          throw new DsVlmException(
              "two families claim the model type '"
                  + type
                  + "': "
                  + other.getClass().getName()
                  + " and "
                  + family.getClass().getName()
                  + "; leave one of them off the class path");
        }
      }
    }
  }

  /** The families of one kind, such as vision encoders. */
  public static <F extends ModelFamily<?>> List<F> all(Class<F> kind) {
    return all().stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  /** The model type that {@code json}, a config.json, names; empty if it names none. */
  static String typeIn(JsonConfig json) {
    return json.text(typeKey(json), "");
  }

  private static String typeKey(JsonConfig json) {
    return json.has("_class_name") && !json.has("model_type") ? "_class_name" : "model_type";
  }

  /**
   * The family of the model that {@code json}, a config.json, describes.
   *
   * @throws DsVlmException if there is none, naming the types that there are
   */
  public static ModelFamily<?> of(JsonConfig json) {
    return all().stream()
        .filter(family -> family.recognises(json))
        .findFirst()
        .orElseThrow(() -> unknown(json));
  }

  private static DsVlmException unknown(JsonConfig json) {
    List<String> known =
        all().stream().flatMap(family -> family.modelTypes().stream()).sorted().toList();
    String key = typeKey(json);
    String problem = json.has(key) ? "is '" + json.text(key) + "'" : "is missing";
    return json.error(key, problem + "; known are " + known);
  }

  private static Stream<Known<?>> known() {
    return all().stream().flatMap(Known::of);
  }

  /** Names of the public models whose configuration is a {@code configType}. */
  public static List<String> presets(Class<?> configType) {
    return known().filter(model -> model.isOf(configType)).map(m -> m.preset().name()).toList();
  }

  /**
   * The public model {@code name}, whose configuration is a {@code configType}.
   *
   * @throws DsVlmException for a name that is not known
   */
  public static Preset preset(Class<?> configType, String name) {
    return find(configType, name).preset();
  }

  /** The configuration of the public model {@code name}; see {@link #preset}. */
  public static <C> C config(Class<C> configType, String name) {
    return configType.cast(find(configType, name).config());
  }

  /** The folder that the public model {@code name} comes in; see {@link #preset}. */
  public static ModelFolder folder(String name) {
    return find(Object.class, name).folder();
  }

  /** The family of the public model {@code name}; see {@link #preset}. */
  public static ModelFamily<?> family(String name) {
    return find(Object.class, name).family();
  }

  private static Known<?> find(Class<?> configType, String name) {
    return known()
        .filter(model -> model.isOf(configType) && model.preset().name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new DsVlmException(
                    "no public model '" + name + "' here; known are " + presets(configType)));
  }
}
