/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.JsonConfig;
import org.junit.jupiter.api.Test;

class VaeConfigTest {
  private static VaeConfig read(String file) {
    Path path = Path.of("src/test/resources/golden").resolve(file);
    return VaeConfig.parse(JsonConfig.read(path).json(), path.toString());
  }

  @Test
  void readsThePublicAndTheFullFileAlike() {
    VaeConfig config = read("sd_vae/config.json");
    assertThat(config).isEqualTo(read("sd_vae/config_full.json"));
    assertThat(config.scalingFactor()).isEqualTo(0.18215);
    assertThat(config.reduction()).isEqualTo(8);
  }

  @Test
  void writesWhatItReads() {
    VaeConfig config = TinyDiffusion.vaeConfig();
    assertThat(VaeConfig.parse(config.toJson(), "again")).isEqualTo(config);
  }

  @Test
  void refusesTheConfigurationOfAnotherArchitecture() {
    assertThatThrownBy(() -> VaeConfig.parse(TinyDiffusion.unetJson(), "unet/config.json"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("unet/config.json", "'_class_name'", "UNet2DConditionModel");
  }

  @Test
  void refusesBlocksAndShiftsThatAreNotBuilt() {
    ObjectNode blocks =
        TinyDiffusion.with(
            TinyDiffusion.vaeJson(),
            "up_block_types",
            List.of("UpDecoderBlock2D", "AttnUpDecoderBlock2D"));
    assertThatThrownBy(() -> VaeConfig.parse(blocks, "vae/config.json"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("vae/config.json", "'up_block_types'", "AttnUpDecoderBlock2D");
    ObjectNode shift = TinyDiffusion.with(TinyDiffusion.vaeJson(), "shift_factor", 0.1159);
    assertThatThrownBy(() -> VaeConfig.parse(shift, "vae/config.json"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("vae/config.json", "'shift_factor'", "0.1159");
  }

  @Test
  void refusesNormGroupsThatDoNotDivideTheWidth() {
    ObjectNode json = TinyDiffusion.with(TinyDiffusion.vaeJson(), "norm_num_groups", 4);
    assertThatThrownBy(() -> VaeConfig.parse(json, "vae/config.json"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("vae/config.json", "'norm_num_groups'", "width 6");
  }

  @Test
  void keysThatAreNotComputedAreNamed() {
    ObjectNode json = TinyDiffusion.with(TinyDiffusion.vaeJson(), "latent_gain", 2);
    json.put("force_upcast", true);
    assertThatThrownBy(() -> VaeConfig.parse(json, "vae/config.json"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("vae/config.json: 'latent_gain' is 2, a setting");
  }
}
