/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;

/** Models of a few hundred parameters with every kind of part in them. */
final class TinyDiffusion {
  private TinyDiffusion() {}

  /** Two levels, the upper one attending; as {@code config.json}. */
  static ObjectNode unetJson() {
    return json(
        """
        {"_class_name": "UNet2DConditionModel", "in_channels": 2, "out_channels": 2,
         "sample_size": 4, "block_out_channels": [4, 8], "attention_head_dim": 2,
         "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"],
         "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"],
         "layers_per_block": 1, "cross_attention_dim": 6, "norm_num_groups": 2}
        """);
  }

  static UNetConfig unetConfig() {
    return UNetConfig.parse(unetJson(), "unet/config.json");
  }

  /** Two levels, so pictures are twice as wide as latents; as {@code config.json}. */
  static ObjectNode vaeJson() {
    return json(
        """
        {"_class_name": "AutoencoderKL", "in_channels": 3, "out_channels": 3,
         "latent_channels": 2, "sample_size": 8, "block_out_channels": [4, 6],
         "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D"],
         "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D"],
         "layers_per_block": 1, "norm_num_groups": 2}
        """);
  }

  static VaeConfig vaeConfig() {
    return VaeConfig.parse(vaeJson(), "vae/config.json");
  }

  static StableDiffusion model(ScalarType dtype) {
    return StableDiffusion.random(
        unetConfig(),
        vaeConfig(),
        NoiseSchedule.stableDiffusion(),
        new RandomState(5),
        dtype,
        "cpu");
  }

  static ParameterStore store(ScalarType dtype) {
    return ParameterStore.random(new RandomState(7), dtype, "cpu");
  }

  /** {@code json} with one key changed. */
  static ObjectNode with(ObjectNode json, String key, Object value) {
    ObjectNode changed = json.deepCopy();
    changed.set(key, new ObjectMapper().valueToTree(Map.of("it", value)).get("it"));
    return changed;
  }

  private static ObjectNode json(String text) {
    try {
      return (ObjectNode) new ObjectMapper().readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
