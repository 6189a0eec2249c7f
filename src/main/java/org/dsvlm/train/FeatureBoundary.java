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
 * The boundary between the losses' graphs and the encoder's. Each loss goes backward to the
 * features and frees its activations before the next one runs, so the language model's and the
 * diffusion model's are never in memory together. The sum of the features' gradients then goes once
 * through connector and encoder.
 */
final class FeatureBoundary {
  private final Features leaves;
  private final List<Tensor> outputs = new ArrayList<>();
  private final List<Tensor> inputs = new ArrayList<>();

  /** A boundary behind {@code encoded}, the encoder's features with their graph. */
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
