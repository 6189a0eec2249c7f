/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.golden;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.diffusion.Moments;
import org.dsvlm.models.diffusion.Vae;
import org.dsvlm.models.diffusion.VaeConfig;
import org.dsvlm.models.diffusion.VaeWeights;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.safetensors.Safetensors;

/**
 * Kind {@code sd_vae}: both halves of the autoencoder, from every layout of the checkpoint in the
 * case.
 */
final class SdVaeRunner implements GoldenRunner {
  private static final String WEIGHTS = "diffusion_pytorch_model.safetensors";
  private static final Set<String> INPUTS = Set.of("image", "noise", "latent", "upstream");

  @Override
  public boolean isInput(String name) {
    return INPUTS.contains(name);
  }

  @Override
  public void run(GoldenCase golden) throws IOException {
    VaeConfig config = config(golden.folder().resolve("config.json"));
    Path full = golden.folder().resolve("config_full.json");
    if (Files.exists(full) && !config(full).equals(config)) {
      golden.fail("config_full.json reads as " + config(full) + ", config.json as " + config);
    }
    List<Path> layouts;
    try (Stream<Path> files = Files.walk(golden.folder())) {
      layouts = files.filter(file -> file.endsWith(WEIGHTS)).map(Path::getParent).toList();
    }
    for (Path layout : layouts) {
      try (WeightSource source = new VaeWeights(Safetensors.open(layout.resolve(WEIGHTS)));
          ParameterStore store = ParameterStore.from(source, ScalarType.Float, "cpu")) {
        Vae vae = new Vae(store.root(), config(layout.resolve("config.json")));
        if (!store.surplus().isEmpty()) {
          golden.fail(layout + ": weights that no module reads: " + store.surplus());
        }
        compare(golden, vae);
      }
    }
  }

  private static VaeConfig config(Path file) {
    return VaeConfig.parse(JsonConfig.read(file).json(), file.toString());
  }

  private static void compare(GoldenCase golden, Vae vae) {
    Tensor image = golden.leaf("image");
    Tensor noise = golden.input("noise");
    Moments moments = vae.encode(image);
    golden.expect("mean", moments.mean());
    golden.expect("logvar", moments.logvar());
    golden.expect("sample_latent", moments.sample(noise));
    moments.mean().mul(noise).sum().backward();
    golden.expect("grad.image", image.grad());

    Tensor latent = golden.leaf("latent");
    Tensor decoded = vae.decode(latent);
    golden.expect("decoded", decoded);
    decoded.mul(golden.input("upstream")).sum().backward();
    golden.expect("grad.latent", latent.grad());
  }
}
