/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.train.recipe.Place;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFolder;

/**
 * What the training of a part works with.
 *
 * @param world the folder of the nano world
 * @param parts the folder of all parts
 * @param settings the recipe's section for the part
 * @param seed of all draws
 */
record Workshop(
    Path world, Path parts, ObjectNode settings, long seed, Map<String, WorldPart> read) {
  Workshop(Path world, Path parts, ObjectNode settings, long seed) {
    this(world, parts, settings, seed, new HashMap<>());
  }

  /** A part of the world, read once. */
  WorldPart data(String name) {
    return read.computeIfAbsent(name, key -> WorldPart.read(world, key));
  }

  RandomState random(String part) {
    return new RandomState(seed).fork("pretrain " + part);
  }

  /** The settings as a configuration, whose errors name the key. */
  JsonConfig config() {
    return JsonConfig.of(settings, "pretraining recipe");
  }

  /** The configuration that stands under {@code key} of the settings. */
  ObjectNode section(String key) {
    if (settings.get(key) instanceof ObjectNode below) {
      return below;
    }
    throw new DsVlmException("pretraining recipe: '" + key + "' is missing or no mapping");
  }

  /**
   * Blocks of {@code tower} by the supervision's levels, as {@code levels} has them.
   *
   * @throws DsVlmException if there is none, or the tower has fewer blocks
   */
  Map<String, Integer> levels(VisionConfig tower) {
    JsonConfig levels = JsonConfig.of(section("levels"), "pretraining recipe: levels");
    Map<String, Integer> blocks = new LinkedHashMap<>();
    if (levels.json().isEmpty()) {
      throw config().error("levels", "names no block of the vision tower");
    }
    for (String name : levels.json().propertyStream().map(Map.Entry::getKey).toList()) {
      int block = levels.size(name);
      if (block > tower.layers()) {
        throw levels.error(name, "is " + block + "; the tower has " + tower.layers() + " blocks");
      }
      blocks.put(name, block);
    }
    return blocks;
  }

  /** The folder of trained weights that the part starts from, if it does not start at random. */
  Optional<Path> start() {
    String place = config().text("start", "");
    return place.isEmpty()
        ? Optional.empty()
        : Optional.of(FilePath.of("start", Place.resolved(place)));
  }

  /** A model and the parameters that it is made of. */
  record Started<M>(ParameterStore store, M model) {}

  /** A model of the weights that the part starts from, or of random ones; all of it learns. */
  <M> Started<M> started(RandomState random, Function<Parameters, M> model) {
    Optional<Path> start = start();
    if (start.isEmpty()) {
      return started(ParameterStore.random(random, ScalarType.Float, "cpu"), model);
    }
    try (WeightSource stored = WeightFolder.open(start.get())) {
      return started(ParameterStore.from(stored, ScalarType.Float, "cpu"), model);
    }
  }

  private static <M> Started<M> started(ParameterStore store, Function<Parameters, M> model) {
    Started<M> started = new Started<>(store, model.apply(store.root()));
    store.setTrainable(parameter -> true);
    return started;
  }

  /** The folder of another part. */
  Path part(String name) {
    return parts.resolve(name);
  }
}
