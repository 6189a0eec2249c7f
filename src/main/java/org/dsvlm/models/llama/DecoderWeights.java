/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.nn.Embedding;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.RmsNorm;

/** A decoder's weights and biases in running order, as the native decoder takes them. */
final class DecoderWeights {
  private final List<Tensor> weights = new ArrayList<>();
  private final List<Tensor> biases = new ArrayList<>();
  private boolean biased;
  private boolean plain = true;

  void add(Embedding embedding) {
    add(embedding.weight());
  }

  void add(RmsNorm norm) {
    add(norm.weight());
  }

  /** A layer's projection. */
  void add(Linear linear) {
    addHead(linear);
    biased |= linear.bias() != null;
    Tensor bias = linear.bias() == null ? linear.weight().new_empty(0) : linear.bias();
    biases.add(bias);
  }

  /** The output head, which has no bias. */
  void addHead(Linear head) {
    add(head.weight());
    plain &= !head.adapted();
  }

  private void add(Tensor weight) {
    weights.add(weight);
    plain &= weight.is_contiguous();
  }

  /** False if the model computes with more than these weights, such as an adapter. */
  boolean plain() {
    return plain;
  }

  List<Tensor> weights() {
    return weights;
  }

  List<Tensor> biases() {
    return biased ? biases : List.of();
  }
}
