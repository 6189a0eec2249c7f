/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.golden;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.models.vgg.PerceptualNetwork;
import org.dsvlm.tensor.Torch;

/**
 * Kind {@code perceptual}: LPIPS with its layers, features and gradient, and the plain VGG loss.
 */
final class PerceptualRunner implements GoldenRunner {
  /** Where a ReLU or a maximum ties, single entries of a gradient may jump (the case's notes). */
  private static final double TIES = 0.001;

  @Override
  public boolean isInput(String name) {
    return name.endsWith(".x01") || name.endsWith(".y01");
  }

  @Override
  public void run(GoldenCase golden) {
    Path folder = golden.folder();
    try (PerceptualNetwork network =
        PerceptualNetwork.open(
            folder.resolve("vgg.safetensors"),
            folder.resolve("lpips.safetensors"),
            ScalarType.Float,
            "cpu")) {
      for (int pair = 0; golden.has(pair + ".x01"); pair++) {
        lpips(golden, network, pair);
        features(golden, network, pair);
        plain(golden, network, pair);
      }
    }
  }

  private static void lpips(GoldenCase golden, PerceptualNetwork network, int pair) {
    Tensor x = signed(golden.input(pair + ".x01")).set_requires_grad(true);
    Tensor layers = network.lpipsLayers(x, signed(golden.input(pair + ".y01")));
    golden.expect(pair + ".lpips.layers", layers);
    Tensor perImage = network.lpips(x, signed(golden.input(pair + ".y01")));
    golden.expect(pair + ".lpips.per_image", perImage);
    Tensor value = perImage.mean();
    golden.expect(pair + ".lpips.value", value);
    value.backward();
    golden.expect(pair + ".lpips.grad", x.grad());
  }

  private static void features(GoldenCase golden, PerceptualNetwork network, int pair) {
    List<String> names = new ArrayList<>();
    golden
        .description()
        .path("architecture")
        .path("feature_layer_indices")
        .fieldNames()
        .forEachRemaining(names::add);
    Tensor first = signed(golden.input(pair + ".x01")).narrow(0, 0, 1);
    List<Tensor> features = network.lpipsFeatures(first);
    for (int i = 0; i < names.size(); i++) {
      String name = pair + ".lpips.features." + names.get(i);
      if (golden.has(name)) {
        golden.expect(name, features.get(i), 1e-4, 2e-5);
      }
    }
  }

  private static void plain(GoldenCase golden, PerceptualNetwork network, int pair) {
    Tensor x = golden.leaf(pair + ".x01");
    Tensor value = network.relu3L1(x, golden.input(pair + ".y01")).mean();
    golden.expect(pair + ".vgg_l1.value", value);
    value.backward();
    String grad = pair + ".vgg_l1.grad";
    JsonNode tolerance = golden.description().path("tolerance");
    golden.expect(
        grad,
        x.grad(),
        tolerance.path("rtol").asDouble(),
        tolerance.path("per_tensor").path(grad).path("atol").asDouble(),
        TIES);
  }

  /** From [0, 1] to [-1, 1]. */
  private static Tensor signed(Tensor unit) {
    return unit.mul(Torch.scalar(2)).sub(Torch.scalar(1));
  }
}
