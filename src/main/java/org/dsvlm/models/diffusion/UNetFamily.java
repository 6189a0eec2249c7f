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

/** The denoising network of Stable Diffusion 1.x and 2.x (Rombach et al. 2022). */
public record UNetFamily() implements ModelFamily<UNetConfig> {
  @Override
  public Set<String> modelTypes() {
    return Set.of(UNetConfig.CLASS_NAME);
  }

  @Override
  public Class<UNetConfig> configType() {
    return UNetConfig.class;
  }

  @Override
  public UNetConfig parse(JsonConfig json) {
    return UNetConfig.parse(json.json(), json.where());
  }

  @Override
  public ObjectNode toJson(UNetConfig config) {
    return config.toJson();
  }

  @Override
  public Consumer<Parameters> module(UNetConfig config) {
    return root -> new UNet(root, config);
  }

  @Override
  public String describe(UNetConfig config) {
    return StableDiffusionFamily.NAME;
  }

  @Override
  public String partOf(String name) {
    return Part.UNET.key();
  }
}
