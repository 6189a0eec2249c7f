/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;
import java.util.function.Consumer;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.ModelFamily;
import org.dsvlm.nn.Parameters;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.weights.WeightSource;

/** The autoencoder of Stable Diffusion 1.x and 2.x. */
public record VaeFamily() implements ModelFamily<VaeConfig> {
  @Override
  public Set<String> modelTypes() {
    return Set.of(VaeConfig.CLASS_NAME);
  }

  @Override
  public Class<VaeConfig> configType() {
    return VaeConfig.class;
  }

  @Override
  public VaeConfig parse(JsonConfig json) {
    return VaeConfig.parse(json.json(), json.where());
  }

  @Override
  public ObjectNode toJson(VaeConfig config) {
    return config.toJson();
  }

  @Override
  public Consumer<Parameters> module(VaeConfig config) {
    return root -> new Vae(root, config);
  }

  @Override
  public WeightSource weights(WeightSource stored, String where) {
    return new VaeWeights(stored);
  }

  @Override
  public String describe(VaeConfig config) {
    return StableDiffusionFamily.NAME;
  }

  @Override
  public String partOf(String name) {
    return Part.VAE.key();
  }
}
