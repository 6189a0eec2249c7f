/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.golden;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.diffusion.UNet;
import org.dsvlm.models.diffusion.UNetConfig;
import org.dsvlm.models.diffusion.UNetProbe;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.safetensors.Safetensors;

/** Kind {@code sd_unet}: noise prediction, the parts' outputs, and gradients by name. */
final class SdUnetRunner implements GoldenRunner {
  private static final Set<String> INPUTS =
      Set.of("sample", "timestep", "encoder_hidden_states", "upstream");

  @Override
  public boolean isInput(String name) {
    return INPUTS.contains(name);
  }

  @Override
  public void run(GoldenCase golden) {
    UNetConfig config = config(golden.folder().resolve("config.json"));
    Path full = golden.folder().resolve("config_full.json");
    if (Files.exists(full) && !config(full).equals(config)) {
      golden.fail("config_full.json reads as " + config(full) + ", config.json as " + config);
    }
    Path weights = golden.folder().resolve("diffusion_pytorch_model.safetensors");
    try (WeightSource source = Safetensors.open(weights);
        ParameterStore store = ParameterStore.from(source, ScalarType.Float, "cpu")) {
      UNet unet = new UNet(store.root(), config);
      if (!store.surplus().isEmpty()) {
        golden.fail("weights that no module reads: " + store.surplus());
      }
      compare(golden, unet, store);
    }
  }

  private static UNetConfig config(Path file) {
    return UNetConfig.parse(JsonConfig.read(file).json(), file.toString());
  }

  private static void compare(GoldenCase golden, UNet unet, ParameterStore store) {
    Map<String, Tensor> leaves = new TreeMap<>(store.setTrainable(name -> true));
    Tensor sample = golden.leaf("sample");
    Tensor context = golden.leaf("encoder_hidden_states");
    leaves.put("sample", sample);
    leaves.put("encoder_hidden_states", context);
    Tensor eps =
        UNetProbe.forward(
            unet,
            sample,
            golden.input("timestep"),
            context,
            (name, output) -> {
              if (golden.has("out." + name)) {
                golden.expect("out." + name, output);
              }
            });
    golden.expect("eps", eps);
    eps.mul(golden.input("upstream")).sum().backward();
    leaves.forEach(
        (name, leaf) -> {
          if (golden.has("grad." + name)) {
            golden.expect("grad." + name, leaf.grad());
          }
        });
  }
}
