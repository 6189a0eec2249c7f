/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import java.util.Arrays;
import org.bytedeco.javacpp.PointerScope;
import org.dsvlm.weights.RenamedWeights;
import org.dsvlm.weights.WeightSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A language model whose configuration says that its output head is its embedding table, and whose
 * files may say otherwise. As in the transformers library, the files decide: a head of its own, as
 * merging an adapter of the head leaves it, is used; one that is stored alone is the table too.
 *
 * @param config of the language model, tied only if its weights are
 * @param weights without a copy of the table
 */
public record TiedHead(LlamaConfig config, WeightSource weights) {
  private static final Logger LOG = LoggerFactory.getLogger(TiedHead.class);

  /**
   * Looks at the head of the language model below {@code prefix}.
   *
   * @param weights by the names of the model; closing the result closes them
   */
  public static TiedHead resolve(LlamaConfig config, WeightSource weights, String prefix) {
    String table = prefix + "model.embed_tokens.weight";
    String head = prefix + "lm_head.weight";
    if (!config.tiedEmbeddings() || !weights.names().contains(head)) {
      return new TiedHead(config, weights);
    }
    if (!weights.names().contains(table)) {
      return new TiedHead(
          config, new RenamedWeights(weights, name -> name.equals(head) ? table : name));
    }
    if (same(weights, table, head)) {
      return new TiedHead(
          config, new RenamedWeights(weights, name -> name.equals(head) ? null : name));
    }
    LOG.warn(
        "{}: tie_word_embeddings is true, but '{}' is not the embedding table; it is used as it"
            + " stands",
        weights.where(head),
        head);
    return new TiedHead(config.withTiedEmbeddings(false), weights);
  }

  private static boolean same(WeightSource weights, String table, String head) {
    if (!Arrays.equals(weights.shape(table), weights.shape(head))
        || weights.dtype(table) != weights.dtype(head)) {
      return false;
    }
    try (PointerScope scope = new PointerScope()) {
      return weights.read(table).equal(weights.read(head));
    }
  }
}
