/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.file.Path;
import java.util.Map;
import org.dsvlm.io.FilePath;

/**
 * A folder of the source tree that recipes name by a prefix, so that a recipe, and a run's, means
 * the same on every machine: {@code world:train/captions.json} is that file of the nano world.
 */
public enum Place {
  /** The small models that this project trains and ships, a folder each. */
  SHIPPED("shipped:", "dsvlm.shipped", Path.of("src", "main", "nano")),

  /** The nano world, which the command line composes on demand. */
  WORLD("world:", "dsvlm.world", Path.of("target", "nano-world"));

  private final String prefix;
  private final String property;
  private final Path usual;

  Place(String prefix, String property, Path usual) {
    this.prefix = prefix;
    this.property = property;
    this.usual = usual;
  }

  /** The system property, which the launcher sets, or else a path from the present folder. */
  public Path folder() {
    String named = System.getProperty(property);
    return named == null ? usual : FilePath.of(property, named);
  }

  /** {@code path} with its prefix, if it has one, replaced by the place. */
  public static String resolved(String path) {
    for (Place place : values()) {
      if (path.startsWith(place.prefix)) {
        return place.folder().resolve(path.substring(place.prefix.length())).toString();
      }
    }
    return path;
  }

  /** Whether a recipe names a file of this place. */
  public boolean isNamedIn(ObjectNode recipe) {
    return RecipeReader.leaves(recipe).values().stream()
        .anyMatch(value -> value.isTextual() && value.textValue().startsWith(prefix));
  }

  /** A copy of {@code recipe} with every prefix replaced. */
  static ObjectNode resolved(ObjectNode recipe) {
    ObjectNode copy = recipe.objectNode();
    for (Map.Entry<String, JsonNode> entry : recipe.properties()) {
      JsonNode value = entry.getValue();
      if (value instanceof ObjectNode below) {
        value = resolved(below);
      } else if (value.isTextual()) {
        value = TextNode.valueOf(resolved(value.textValue()));
      }
      copy.set(entry.getKey(), value);
    }
    return copy;
  }
}
