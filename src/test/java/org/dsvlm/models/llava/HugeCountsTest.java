/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a configuration counts is bounded by what its files hold, before anything is made of it. */
class HugeCountsTest extends ExportedFolder {

  @ParameterizedTest
  @CsvSource({
    "text_config, num_hidden_layers, 1000000000",
    "vision_config, num_hidden_layers, 1000000000",
    "text_config, num_hidden_layers, 10000",
    "vision_config, num_hidden_layers, 10000",
    "text_config, hidden_size, 1073741824",
    "text_config, intermediate_size, 2147483647",
    "text_config, vocab_size, 2147483647",
    "text_config, head_dim, 1073741824",
    "text_config, num_attention_heads, 1073741824",
    "text_config, num_key_value_heads, 1073741824",
    "vision_config, hidden_size, 1073741824",
    "vision_config, intermediate_size, 2147483647",
    "vision_config, image_size, 2147483647",
    "vision_config, image_size, 524288",
    "vision_config, patch_size, 2147483647",
    "vision_config, num_attention_heads, 1073741824",
    "vision_config, num_channels, 2147483647",
  })
  @BadInput(
      number = 93,
      value = "a configuration of a thousand million layers, heads, rows or pixels",
      then = "an error that names the file; nothing of that size is made")
  void countsAreBoundedByTheFiles(String part, String key, int value) throws IOException {
    edit("config.json", json -> ((ObjectNode) json.get(part)).put(key, value));
    assertThatThrownBy(() -> LoadedLlava.open(folder, ScalarType.Float, "cpu").close())
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(folder.toString());
  }

  @ParameterizedTest
  @CsvSource({"1000000000", "2147483647"})
  void settingsForPicturesAreThoseOfTheModel(int size) throws IOException {
    edit(
        "preprocessor_config.json",
        json -> {
          json.putObject("size").put("shortest_edge", size);
          json.putObject("crop_size").put("height", size).put("width", size);
        });
    assertThatThrownBy(() -> LlavaPictures.read(folder))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("is " + size + " pixels; at most 16384 are made");
  }
}
