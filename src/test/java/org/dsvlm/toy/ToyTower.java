/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.toy;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.models.vit.VisionTower;
import org.dsvlm.nn.Conv2d;
import org.dsvlm.nn.Init;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;

/**
 * Patches that see one another through their mean alone: {@code x += gelu(linear(x + mean(x)))}.
 */
final class ToyTower implements VisionTower {
  private final ToyConfig config;
  private final Conv2d patches;
  private final List<Linear> layers = new ArrayList<>();

  ToyTower(Parameters visionModel, ToyConfig config) {
    this.config = config;
    int width = config.hiddenSize();
    int patch = config.patchSize();
    patches =
        Conv2d.of(
            visionModel.at("patches"),
            Init.normal(0.1),
            config.channels(),
            width,
            patch,
            patch,
            0,
            true);
    for (int i = 0; i < config.layers(); i++) {
      layers.add(Linear.withBias(visionModel.at("layers").at(i), width, width));
    }
  }

  @Override
  public VisionConfig config() {
    return config;
  }

  @Override
  public List<Tensor> hiddenStates(Tensor pixelValues) {
    List<Tensor> states = new ArrayList<>();
    states.add(
        Torch.tidy(
            () ->
                patches
                    .forward(pixelValues.to(patches.weight().scalar_type()))
                    .flatten(2, 3)
                    .transpose(1, 2)));
    for (Linear layer : layers) {
      Tensor x = states.get(states.size() - 1);
      states.add(Torch.tidy(() -> x.add(torch.gelu(layer.forward(x.add(mean(x)))))));
    }
    return states;
  }

  /** x: [pictures, patches, width] in, [pictures, 1, width] out. */
  private static Tensor mean(Tensor x) {
    return x.sum(1L).div(Torch.scalar(x.size(1))).unsqueeze(1);
  }

  @Override
  public Tensor patches(Tensor hiddenState) {
    return hiddenState;
  }

  @Override
  public void setCheckpointing(boolean recompute) {}
}
