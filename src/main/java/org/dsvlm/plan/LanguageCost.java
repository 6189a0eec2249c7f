/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.dsvlm.language.LlamaConfig;

/** The operations of a decoder of the Llama family and of its loss. */
final class LanguageCost {
  private final Tape tape;
  private final LlamaConfig config;
  private final boolean trained;
  private final Predicate<String> adapted;
  private final int rank;
  private final double records;
  private final double tokens;
  private final double rows;

  /**
   * A pass over a batch.
   *
   * @param trained whether all weights are
   * @param adapted tells for a linear layer's path whether LoRA adapts it
   * @param rank of LoRA
   * @param tokens of each record, padding included
   */
  LanguageCost(
      Tape tape,
      LlamaConfig config,
      boolean trained,
      Predicate<String> adapted,
      int rank,
      double records,
      double tokens) {
    this.tape = tape;
    this.config = config;
    this.trained = trained;
    this.adapted = adapted;
    this.rank = rank;
    this.records = records;
    this.tokens = tokens;
    this.rows = records * tokens;
  }

  /**
   * Writes them down.
   *
   * @param differentiated whether the embeddings that enter have a gradient, as a picture's have
   * @param answers tokens that the loss is taken on
   */
  void record(boolean differentiated, double answers) {
    double width = config.hiddenSize();
    tape.enter(Part.LANGUAGE_MODEL, differentiated || trained);
    // Embedding and pictures put in their places.
    tape.pointwise(6 * rows * width, 5, 4 * rows * width, 3, 0);
    for (int layer = 0; layer < config.layers(); layer++) {
      layer("model.layers." + layer + ".");
    }
    norm();
    tape.pointwise(2 * answers * width, 3, 2 * rows * width, 3, 0);
    tape.linear(answers, width, config.vocabularySize(), trained);
    tape.pointwise(3 * answers * config.vocabularySize(), 1, 0, 1, 0);
  }

  private void layer(String path) {
    double width = config.hiddenSize();
    double inner = config.intermediateSize();
    double query = (double) config.heads() * config.headDim();
    double key = (double) config.keyValueHeads() * config.headDim();
    norm();
    linears(path + "self_attn.", width, ordered("q_proj", query, "k_proj", key, "v_proj", key));
    rotate(query + key);
    tape.attention(records, config.heads(), tokens, tokens, config.headDim());
    linears(path + "self_attn.", query, Map.of("o_proj", width));
    tape.add(rows * width);
    norm();
    linears(path + "mlp.", width, ordered("gate_proj", inner, "up_proj", inner));
    // silu(gate) · up keeps gate, silu(gate) and up.
    tape.pointwise(5 * rows * inner, 2, 8 * rows * inner, 3, 3 * rows * inner);
    linears(path + "mlp.", inner, Map.of("down_proj", width));
    tape.add(rows * width);
  }

  /** Linear layers that read one input, by the ends of their names. */
  private void linears(String path, double in, Map<String, Double> outs) {
    tape.linears(rows, in, trained, outs.values().stream().mapToDouble(out -> out).toArray());
    boolean converted = tape.width() < tape.wideWidth();
    boolean kept = trained && !converted;
    for (Map.Entry<String, Double> layer : outs.entrySet()) {
      if (adapted.test(path + layer.getKey())) {
        tape.lowRank(rows, in, layer.getValue(), rank, !kept);
        // Each conversion to float32 is a copy of its own.
        kept = !converted;
      }
    }
  }

  private static Map<String, Double> ordered(Object... namesAndWidths) {
    Map<String, Double> ordered = new LinkedHashMap<>();
    for (int i = 0; i < namesAndWidths.length; i += 2) {
      ordered.put((String) namesAndWidths[i], (Double) namesAndWidths[i + 1]);
    }
    return ordered;
  }

  /** Six calls: square, mean, root, two products; in float32 at least. */
  private void norm() {
    double elements = rows * config.hiddenSize();
    boolean converted = tape.width() < tape.wideWidth();
    double factor = tape.wideWidth() / tape.width();
    tape.trains(trained);
    tape.pointwise(
        (converted ? 10 : 7) * elements * factor,
        converted ? 8 : 6,
        14 * elements * factor,
        converted ? 11 : 9,
        0);
    if (tape.gradient()) {
      tape.keepWide(elements);
      if (trained) {
        tape.keep(elements);
      }
    }
  }

  /** Two products and a sum on the heads' pairs, after a copy with the halves exchanged. */
  private void rotate(double width) {
    tape.pointwise(11 * rows * width, 10, 11 * rows * width, 12, 0);
  }
}
