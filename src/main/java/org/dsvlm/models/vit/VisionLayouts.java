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
 * Where a vision tower's tensors stand in a file. Public files hold it alone below {@code
 * vision_model}, alone without that prefix (transformers 5), beside a text tower, or inside a
 * LLaVA; the names below the tower are the same in all of them.
 */
public final class VisionLayouts {
  private static final String LANDMARK = "embeddings.patch_embedding.weight";

  /** A buffer that old files store: the numbers 0, 1, …, which nothing reads. */
  private static final String POSITION_IDS = "embeddings.position_ids";

  private VisionLayouts() {}

  /**
   * Finds the tower among the tensors of a file.
   *
   * @param stored all names in the file
   * @param where the file, for messages
   * @return from a stored name to the tower's own ({@code vision_model.…}), null for what is not
   *     the tower's: as {@link org.dsvlm.weights.RenamedWeights} takes it
   * @throws DsVlmException if the file holds no tower, or more than one
   */
  public static UnaryOperator<String> renaming(Set<String> stored, String where) {
    List<String> prefixes =
        stored.stream()
            .filter(name -> name.equals(LANDMARK) || name.endsWith("." + LANDMARK))
            .map(name -> name.substring(0, name.length() - LANDMARK.length()))
            .toList();
    if (prefixes.size() != 1) {
      throw new DsVlmException(
          where
              + ": "
              + (prefixes.isEmpty() ? "no" : "more than one")
              + " tensor '…"
              + LANDMARK
              + "'; give weights that hold exactly one vision tower");
    }
    String prefix = prefixes.get(0);
    return name ->
        name.startsWith(prefix) && !name.equals(prefix + POSITION_IDS)
            ? "vision_model." + name.substring(prefix.length())
            : null;
  }
}
