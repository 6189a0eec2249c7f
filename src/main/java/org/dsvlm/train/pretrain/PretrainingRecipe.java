/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map.Entry;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.io.InputFiles;
import org.dsvlm.io.StrictJson;

/**
 * Sizes and hyperparameters of the parts: a section each, in {@code nano.yaml} or a user's file.
 */
final class PretrainingRecipe {

  private PretrainingRecipe() {}

  /**
   * Reads a recipe.
   *
   * @param name {@code nano}, or a file
   * @param assignments {@code key=value} each, the key a path with dots that is there already
   * @throws DsVlmException for an unknown recipe or key
   */
  static ObjectNode read(String name, List<String> assignments) {
    ObjectNode recipe = read(name);
    assignments.forEach(assignment -> override(recipe, assignment));
    return recipe;
  }

  private static ObjectNode read(String name) {
    try (InputStream stream =
        name.equals("nano")
            ? PretrainingRecipe.class.getResourceAsStream("nano.yaml")
            : InputFiles.stream(FilePath.of("--recipe", name))) {
      if (stream != null
          && StrictJson.yaml(InputFiles.text(stream.readAllBytes(), name))
              instanceof ObjectNode recipe) {
        return recipe;
      }
      throw new DsVlmException(name + ": is no pretraining recipe; nano is one");
    } catch (IOException e) {
      throw new DsVlmException(
          name + ": cannot be read as a pretraining recipe: " + e.getMessage() + "; nano is one",
          e);
    }
  }

  private static void override(ObjectNode recipe, String assignment) {
    String[] sides = assignment.split("=", 2);
    String[] path = sides[0].strip().split("\\.");
    JsonNode parent = recipe;
    for (int i = 0; i < path.length - 1; i++) {
      parent = parent.path(path[i]);
    }
    String key = path[path.length - 1];
    if (sides.length < 2 || !(parent instanceof ObjectNode object) || !object.has(key)) {
      throw new DsVlmException(
          "--set "
              + assignment
              + ": write key=value, with a key of the pretraining recipe"
              + (parent instanceof ObjectNode near
                  ? "; at this place there are " + near.propertyStream().map(Entry::getKey).toList()
                  : ""));
    }
    try {
      object.set(key, StrictJson.yaml(sides[1].strip()));
    } catch (IOException e) {
      throw new DsVlmException("--set " + assignment + ": " + e.getMessage(), e);
    }
  }
}
