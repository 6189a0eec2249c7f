/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Set;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.Preset;
import org.dsvlm.nn.Parameters;

/** SigLIP (Zhai et al. 2023): patches alone, and a pooling head. */
public record SiglipFamily() implements VitFamily {
  private static final String USE_HEAD = "vision_use_head";

  @Override
  public String name() {
    return "SigLIP";
  }

  @Override
  public String key() {
    return "siglip";
  }

  @Override
  public Set<String> modelTypes() {
    return Set.of("siglip", towerType());
  }

  @Override
  public String towerType() {
    return "siglip_vision_model";
  }

  @Override
  public String architecture() {
    return "SiglipVisionModel";
  }

  @Override
  public Defaults defaults() {
    return new Defaults(16, Activation.GELU_TANH, 1e-6);
  }

  @Override
  public int classTokens() {
    return 0;
  }

  @Override
  public boolean poolingHead(JsonConfig tower) {
    return tower.flag(USE_HEAD, true);
  }

  @Override
  public void writeOwn(VitConfig config, ObjectNode json) {
    json.put(USE_HEAD, config.poolingHead());
  }

  @Override
  public VisionTower tower(Parameters visionModel, VitConfig config) {
    return new SiglipVisionTower(visionModel, config);
  }

  @Override
  public List<Preset> presets() {
    return List.of(new Preset("siglip-so400m", SiglipFamily.class));
  }
}
