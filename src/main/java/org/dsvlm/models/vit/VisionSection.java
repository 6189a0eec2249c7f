/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import java.util.List;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.Families;

/**
 * The part of {@code config.json} that describes a vision tower: where it stands, and whose it is.
 */
final class VisionSection {
  /** The {@code model_type} of a tower whose larger model leaves it out. */
  private static final String UNSAID = "clip_vision_model";

  private VisionSection() {}

  /** Reads the tower in {@code root}, a config.json, by the family that it names. */
  static VisionConfig parse(JsonConfig root) {
    return root.collecting(() -> read(root));
  }

  private static VisionConfig read(JsonConfig root) {
    JsonConfig tower = find(root);
    VisionConfig vision = family(tower, tower != root).parseTower(tower);
    if (vision.patchSize() > vision.imageSize()) {
      throw tower.error(
          "patch_size",
          "is " + vision.patchSize() + ", larger than image_size = " + vision.imageSize());
    }
    return vision;
  }

  /** The object that describes the tower: {@code vision_config} if there is one, else all of it. */
  private static JsonConfig find(JsonConfig root) {
    if (!root.has("vision_config")) {
      return root;
    }
    JsonConfig vision = root.child("vision_config");
    refuseContradiction(root, vision);
    return vision;
  }

  /** Old CLIP files repeat part of {@code vision_config} as {@code vision_config_dict}. */
  private static void refuseContradiction(JsonConfig root, JsonConfig vision) {
    for (var field : root.child("vision_config_dict").json().properties()) {
      if (vision.has(field.getKey())
          && !vision.json().get(field.getKey()).equals(field.getValue())) {
        throw root.error(
            "vision_config_dict." + field.getKey(),
            "is "
                + field.getValue()
                + ", but vision_config has "
                + vision.json().get(field.getKey())
                + "; remove the wrong one");
      }
    }
  }

  /**
   * The tower's architecture.
   *
   * @param nested whether {@code tower} is part of a larger model's configuration
   */
  private static VisionFamily family(JsonConfig tower, boolean nested) {
    String type = nested ? tower.text("model_type", UNSAID) : tower.text("model_type");
    List<VisionFamily> known = Families.all(VisionFamily.class);
    return known.stream()
        .filter(family -> family.towerType().equals(type))
        .findFirst()
        .orElseThrow(
            () ->
                tower.error(
                    "model_type",
                    "is \""
                        + type
                        + "\", but a vision tower is one of "
                        + known.stream().map(VisionFamily::towerType).toList()
                        + "; give the config.json that belongs to the tower, or one with a "
                        + "vision_config"));
  }
}
