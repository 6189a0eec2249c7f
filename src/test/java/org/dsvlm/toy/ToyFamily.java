/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.toy;

import java.util.Set;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.models.vit.VisionFamily;

/** An encoder family that the library does not know: {@link ToyTower}. */
public record ToyFamily() implements VisionFamily {
  private static final Set<String> KNOWN =
      Set.of("model_type", "hidden_size", "num_hidden_layers", "image_size", "patch_size");

  @Override
  public String name() {
    return "Toy";
  }

  @Override
  public String key() {
    return "toy";
  }

  @Override
  public Set<String> modelTypes() {
    return Set.of(towerType());
  }

  @Override
  public String towerType() {
    return "toy_vision_model";
  }

  @Override
  public String architecture() {
    return "ToyVisionModel";
  }

  @Override
  public VisionConfig parseTower(JsonConfig tower) {
    tower.refuseUnknown(KNOWN::contains);
    return new ToyConfig(
        tower.size("hidden_size", 8),
        tower.size("num_hidden_layers", 3),
        tower.size("image_size", 16),
        tower.size("patch_size", 8));
  }

  @Override
  public String landmark() {
    return "patches.weight";
  }
}
