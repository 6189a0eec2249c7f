/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.kernels.ActivationCheckpoint;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;

/** A stack of {@link EncoderLayer}s. */
final class Encoder {
  private final List<EncoderLayer> layers = new ArrayList<>();
  private boolean checkpointing;

  Encoder(Parameters parameters, VitConfig config, EncoderLayer.Start start) {
    this(
        parameters,
        config.layers(),
        new EncoderLayer.Shape(
            config.hiddenSize(),
            config.intermediateSize(),
            config.heads(),
            config.activation(),
            config.layerNormEps(),
            false),
        start);
  }

  Encoder(Parameters parameters, int count, EncoderLayer.Shape shape, EncoderLayer.Start start) {
    for (int i = 0; i < count; i++) {
      layers.add(new EncoderLayer(parameters.at("layers").at(i), shape, start));
    }
  }

  /** Sets whether layers are run again in the backward, see {@link VisionTower}. */
  void setCheckpointing(boolean recompute) {
    checkpointing = recompute;
  }

  /** embeddings: [pictures, tokens, width]; out: the same, then the output of each layer. */
  List<Tensor> hiddenStates(Tensor embeddings) {
    return hiddenStates(embeddings, layers.size());
  }

  /** As {@link #hiddenStates(Tensor)}, of the first {@code count} layers. */
  List<Tensor> hiddenStates(Tensor embeddings, int count) {
    List<Tensor> states = new ArrayList<>();
    states.add(embeddings);
    for (EncoderLayer layer : layers.subList(0, count)) {
      Tensor last = states.get(states.size() - 1);
      states.add(
          checkpointing
              ? ActivationCheckpoint.run(layer::forward, last)
              : Torch.tidy(() -> layer.forward(last)));
    }
    return states;
  }
}
