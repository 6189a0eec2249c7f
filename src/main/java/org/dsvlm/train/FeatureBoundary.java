/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.models.llava.Features;

/**
 * Where the losses' graphs end and the encoder's begins. Each loss goes backward to the features
 * and frees what it kept before the next one runs, so that the language model's activations and
 * those of the diffusion never lie in memory together; the sum of what they leave then goes through
 * encoder and connector once.
 */
final class FeatureBoundary {
  private final Features leaves;
  private final List<Tensor> outputs = new ArrayList<>();
  private final List<Tensor> inputs = new ArrayList<>();

  /** A boundary behind {@code encoded}, what the encoder made with its graph. */
  FeatureBoundary(Features encoded) {
    leaves =
        new Features(
            encoded.hiddenStates().stream().map(this::cut).toList(), cut(encoded.imageFeatures()));
  }

  private Tensor cut(Tensor output) {
    Tensor input = output.detach();
    if (output.requires_grad()) {
      input.requires_grad_(true);
      outputs.add(output);
      inputs.add(input);
    }
    return input;
  }

  /** The same features without the encoder's graph; gradients gather at them. */
  Features features() {
    return leaves;
  }

  /** Takes the gathered gradients through the encoder. */
  void backward() {
    TensorVector reached = new TensorVector();
    TensorVector gradients = new TensorVector();
    for (int i = 0; i < inputs.size(); i++) {
      Tensor gradient = inputs.get(i).grad();
      if (gradient.defined()) {
        reached.push_back(outputs.get(i));
        gradients.push_back(gradient);
      }
    }
    if (!reached.empty()) {
      torch.backward(reached, gradients, null, false, null);
    }
  }
}
