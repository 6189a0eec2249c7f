/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.golden;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.models.vit.VisionTower;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.safetensors.Safetensors;

/**
 * The vision towers. A case holds the same weights in several layouts; each is loaded and compared
 * with the same numbers.
 */
abstract class VisionRunner<T extends VisionTower> implements GoldenRunner {
  private final Class<T> architecture;

  VisionRunner(Class<T> architecture) {
    this.architecture = architecture;
  }

  /** Compares what only this architecture has; returns the loss whose gradients are stored. */
  abstract Tensor compare(GoldenCase golden, T tower, List<Tensor> hiddenStates);

  @Override
  public boolean isInput(String name) {
    return name.equals("pixel_values");
  }

  @Override
  public void run(GoldenCase golden) throws Exception {
    for (Path weights : layouts(golden.folder())) {
      VisionConfig config = VisionConfig.read(weights.resolveSibling("config.json"));
      try (PointerScope scope = new PointerScope();
          WeightSource file = Safetensors.open(weights);
          ParameterStore store =
              ParameterStore.from(
                  config.family().weights(file, weights.toString()), ScalarType.Float, "cpu")) {
        T tower = architecture.cast(config.tower(store.root().at("vision_model")));
        if (!store.surplus().isEmpty()) {
          golden.fail(weights + ": tensors that no one read: " + store.surplus());
        }
        run(golden, tower, store);
      }
    }
  }

  private static List<Path> layouts(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder, 2)) {
      return files
          .filter(file -> file.getFileName().toString().matches("model.*\\.safetensors"))
          .sorted()
          .toList();
    }
  }

  private void run(GoldenCase golden, T tower, ParameterStore store) {
    store.setTrainable(name -> golden.has("grad." + name));
    Tensor pixelValues = golden.leaf("pixel_values");
    List<Tensor> hiddenStates = tower.hiddenStates(pixelValues);
    for (int i = 0; i < hiddenStates.size(); i++) {
      String name = "hidden_states." + i;
      // SigLIP's cases leave the last one out: they store it after the final normalisation.
      if (golden.has(name) || i < hiddenStates.size() - 1) {
        golden.expect(name, hiddenStates.get(i));
      }
    }
    compare(golden, tower, hiddenStates).backward();
    golden.expect("grad.pixel_values", pixelValues.grad());
    store
        .tensors()
        .forEach(
            (name, parameter) -> {
              if (golden.has("grad." + name)) {
                golden.expect("grad." + name, parameter.grad());
              }
            });
  }
}
