/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.train.recipe.Place;

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

  /** The folder of trained weights that the part starts from, if it does not start at random. */
  Optional<Path> start() {
    String place = config().text("start", "");
    return place.isEmpty()
        ? Optional.empty()
        : Optional.of(FilePath.of("start", Place.resolved(place)));
  }

  /** The folder of another part. */
  Path part(String name) {
    return parts.resolve(name);
  }
}
