/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.toy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.models.vit.VisionFamily;
import org.dsvlm.models.vit.VisionTower;
import org.dsvlm.nn.Parameters;
import org.dsvlm.nn.cost.Operation;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.nn.cost.Tape;

/** Sizes of a {@link ToyTower}. */
record ToyConfig(int hiddenSize, int layers, int imageSize, int patchSize) implements VisionConfig {
  @Override
  public VisionFamily family() {
    return new ToyFamily();
  }

  @Override
  public int channels() {
    return 3;
  }

  @Override
  public int classTokens() {
    return 0;
  }

  @Override
  public VisionTower tower(Parameters visionModel) {
    return new ToyTower(visionModel, this);
  }

  @Override
  public void cost(Tape tape, double pictures, boolean trained, int used, boolean again) {
    tape.enter(Part.VISION_ENCODER, false);
    double side = Math.sqrt(patches());
    tape.convolution(pictures, side, side, channels(), hiddenSize, patchSize, patchSize, trained);
    double rows = pictures * patches();
    for (int layer = 0; layer < layers; layer++) {
      tape.linear(rows, hiddenSize, hiddenSize, true, trained);
      tape.activation(Operation.Function.GELU, rows * hiddenSize);
      tape.add(rows * hiddenSize);
    }
  }

  @Override
  public ObjectNode toJson() {
    return JsonNodeFactory.instance
        .objectNode()
        .put("model_type", family().towerType())
        .put("hidden_size", hiddenSize)
        .put("num_hidden_layers", layers)
        .put("image_size", imageSize)
        .put("patch_size", patchSize);
  }
}
