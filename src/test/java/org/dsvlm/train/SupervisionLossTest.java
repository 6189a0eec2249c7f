/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SupervisionLossTest {
  @ParameterizedTest
  @CsvSource({
    "down_blocks.0.attentions.1.transformer_blocks.0.attn2, down.0.1",
    "mid_block.attentions.0.transformer_blocks.0.attn2, mid.0",
    "up_blocks.3.attentions.2.transformer_blocks.0.attn2, up.3.2",
    "up_blocks.1.attentions.0.transformer_blocks.9.attn2, up.1.0.9",
    "up_blocks.1.attentions.0.transformer_blocks.10.attn2, up.1.0.10"
  })
  void layersHaveShortNamesOfTheirOwn(String path, String name) {
    assertThat(SupervisionLoss.shortName(path)).isEqualTo(name);
  }
}
