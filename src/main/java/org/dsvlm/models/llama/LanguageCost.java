/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import java.util.LinkedHashMap;
import java.util.Map;
import org.dsvlm.nn.cost.Operation.Function;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.nn.cost.Tape;

/** The operations of a decoder of the Llama family and of its loss. */
final class LanguageCost {
  /** Logits that are in memory at once, as {@code linear_cross_entropy} cuts its rows. */
  private static final double CHUNK_LOGITS = 1 << 24;

  private final Tape tape;
  private final LlamaConfig config;
  private final LanguagePass pass;
  private final double rows;

  /** The operations of {@code pass} through a model of {@code config}. */
  LanguageCost(Tape tape, LlamaConfig config, LanguagePass pass) {
    this.tape = tape;
    this.config = config;
    this.pass = pass;
    this.rows = pass.records() * pass.tokens();
  }

  /** Writes them down. */
  void record() {
    double width = config.hiddenSize();
    tape.enter(Part.LANGUAGE_MODEL, pass.differentiated() || pass.trained());
    double vocabulary = config.vocabularySize();
    // Embedding and pictures put in their places; the table's gradient is as large as the table.
    tape.pointwise(6 * rows * width, 5, 4 * rows * width, 3, 0);
    tape.pointwise(
        0,
        0,
        pass.trained() ? vocabulary * width + 3 * rows * width : 0,
        pass.trained() ? 2 : 0,
        0);
    for (int layer = 0; layer < config.layers(); layer++) {
      String path = "model.layers." + layer + ".";
      tape.block(pass.recomputed(), rows * width, () -> layer(path));
    }
    norm();
    loss(width, vocabulary);
  }

  /**
   * The head and its cross entropy, a chunk of rows at a time. Both gradients are made on the way
   * and kept; logits are not.
   */
  private void loss(double width, double vocabulary) {
    double answers = pass.answers();
    tape.pointwise(2 * answers * width, 3, 2 * rows * width, 3, 0);
    double chunk = Math.max(1, Math.floor(CHUNK_LOGITS / vocabulary));
    double factor = tape.wideWidth() / tape.width();
    for (double left = answers; left > 0; left -= chunk) {
      double logits = Math.min(left, chunk) * vocabulary;
      tape.keptAlready().linear(Math.min(left, chunk), width, vocabulary, false, pass.trained());
      // The maximum and the sum of exponentials; then, for the gradient, exponentials and shares.
      tape.pointwise(5 * factor * logits, 4, 6 * factor * logits, 4, 0);
    }
    if (tape.gradient()) {
      tape.keep(answers * width + (pass.trained() ? vocabulary * width : 0));
    }
  }

  private void layer(String path) {
    double width = config.hiddenSize();
    double inner = config.intermediateSize();
    double query = (double) config.heads() * config.headDim();
    double key = (double) config.keyValueHeads() * config.headDim();
    norm();
    linears(
        path + "self_attn.",
        width,
        config.queryKeyValueBias(),
        ordered("q_proj", query, "k_proj", key, "v_proj", key));
    rotate(query + key);
    tape.attention(
        pass.records(),
        config.heads(),
        config.keyValueHeads(),
        pass.tokens(),
        pass.tokens(),
        config.headDim());
    tape.keptAlready();
    linears(path + "self_attn.", query, config.outputBias(), Map.of("o_proj", width));
    tape.add(rows * width);
    norm();
    linears(path + "mlp.", width, config.mlpBias(), ordered("gate_proj", inner, "up_proj", inner));
    // silu keeps the gate, the product silu(gate) and up.
    tape.activation(Function.SILU, rows * inner);
    tape.pointwise(3 * rows * inner, 1, 6 * rows * inner, 2, 2 * rows * inner);
    linears(path + "mlp.", inner, config.mlpBias(), Map.of("down_proj", width));
    tape.add(rows * width);
  }

  /** Linear layers that read one input, by the ends of their names. */
  private void linears(String path, double in, boolean biased, Map<String, Double> outs) {
    boolean differentiated = tape.gradient();
    tape.linears(
        rows, in, biased, pass.trained(), outs.values().stream().mapToDouble(out -> out).toArray());
    boolean converted = tape.width() < tape.wideWidth();
    boolean kept = pass.trained() && !converted;
    for (Map.Entry<String, Double> layer : outs.entrySet()) {
      if (pass.adapted().test(path + layer.getKey())) {
        boolean keeps = !kept;
        tape.branch(
            differentiated, () -> tape.lowRank(rows, in, layer.getValue(), pass.rank(), keeps));
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
    tape.trains(pass.trained());
    tape.pointwise(
        (converted ? 10 : 7) * elements * factor,
        converted ? 8 : 6,
        (pass.trained() ? 19 : 15) * elements * factor,
        (converted ? 13 : 11) + (pass.trained() ? 2 : 0),
        0);
    if (tape.gradient()) {
      tape.keepWide(elements);
      if (pass.trained()) {
        tape.keep(elements);
      }
    }
  }

  /**
   * Two products and a sum on the heads' pairs, after a copy with the halves exchanged; the halves'
   * gradients are of the whole size.
   */
  private void rotate(double width) {
    tape.pointwise(10 * rows * width, 10, 15 * rows * width, 18, 0);
  }
}
