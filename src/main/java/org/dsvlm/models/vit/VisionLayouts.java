/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.dsvlm.io.DsVlmException;

/**
 * Finds a vision tower's tensors in a file. Public files hold it alone below {@code vision_model},
 * alone without that prefix (transformers 5), beside a text tower, or inside a LLaVA; the names
 * below the tower are the same in all of them.
 */
final class VisionLayouts {
  /** The prefix of the names of a tower's parameters. */
  static final String TOWER = "vision_model";

  /** A buffer that old files store: the numbers 0, 1, …, which nothing reads. */
  private static final String POSITION_IDS = "embeddings.position_ids";

  private VisionLayouts() {}

  /**
   * Finds the tower among the tensors of a file.
   *
   * @param stored all names in the file
   * @param where the file, for messages
   * @param landmark a parameter that the tower has, by its name below {@code vision_model}
   * @return from a stored name to the tower's own ({@code vision_model.…}), null for what is not
   *     the tower's: as {@link org.dsvlm.weights.RenamedWeights} takes it
   * @throws DsVlmException if the file holds no tower, or more than one
   */
  static UnaryOperator<String> renaming(Set<String> stored, String where, String landmark) {
    List<String> prefixes =
        stored.stream()
            .filter(name -> name.equals(landmark) || name.endsWith("." + landmark))
            .map(name -> name.substring(0, name.length() - landmark.length()))
            .toList();
    if (prefixes.size() != 1) {
      throw new DsVlmException(
          where
              + ": "
              + (prefixes.isEmpty() ? "no" : "more than one")
              + " tensor '…"
              + landmark
              + "'; give weights that hold exactly one vision tower");
    }
    String prefix = prefixes.get(0);
    return name ->
        name.startsWith(prefix) && !name.equals(prefix + POSITION_IDS)
            ? TOWER + "." + name.substring(prefix.length())
            : null;
  }
}
