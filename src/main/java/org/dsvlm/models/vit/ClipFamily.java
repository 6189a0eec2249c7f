/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import java.util.List;
import java.util.Set;
import org.dsvlm.models.Preset;
import org.dsvlm.nn.Parameters;

/** CLIP (Radford et al. 2021): a class token comes before the patches. */
public record ClipFamily() implements VitFamily {
  @Override
  public String name() {
    return "CLIP";
  }

  @Override
  public String key() {
    return "clip";
  }

  @Override
  public Set<String> modelTypes() {
    return Set.of("clip", towerType());
  }

  @Override
  public String towerType() {
    return "clip_vision_model";
  }

  @Override
  public String architecture() {
    return "CLIPVisionModel";
  }

  @Override
  public Defaults defaults() {
    return new Defaults(32, Activation.QUICK_GELU, 1e-5);
  }

  @Override
  public int classTokens() {
    return 1;
  }

  @Override
  public VisionTower tower(Parameters visionModel, VitConfig config) {
    return new ClipVisionTower(visionModel, config);
  }

  @Override
  public List<Preset> presets() {
    return List.of(new Preset("clip-l-336", ClipFamily.class));
  }
}
