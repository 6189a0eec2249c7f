/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;

class LlavaConfigTest {
  private static LlavaConfig parse(ObjectNode json) {
    return LlavaConfig.parse(json, "dir/config.json");
  }

  @Test
  void writesWhatItReads() {
    LlavaConfig config = TinyLlava.parsed();
    assertThat(config.imageTokens()).isEqualTo(16);
    assertThat(parse(config.toJson())).isEqualTo(config);
    ObjectNode several = TinyLlava.config();
    several.putArray("vision_feature_layer").add(-2).add(1);
    several.put("vision_feature_select_strategy", "full");
    LlavaConfig two = parse(several);
    assertThat(two.featureLayers()).isEqualTo(List.of(-2, 1));
    assertThat(two.connectorInput()).isEqualTo(2 * 48);
    assertThat(two.imageTokens()).isEqualTo(17);
    assertThat(parse(two.toJson())).isEqualTo(two);
  }

  @Test
  void imageTokenGoesByEitherName() {
    ObjectNode json = TinyLlava.config();
    json.remove("image_token_index");
    json.put("image_token_id", 7);
    assertThat(parse(json).imageToken()).isEqualTo(7);
  }

  @Test
  void tiedEmbeddingsMayStandOutside() {
    ObjectNode json = TinyLlava.config();
    json.put("tie_word_embeddings", true);
    assertThat(parse(json).text().tiedEmbeddings()).isTrue();
  }

  @Test
  @BadInput(
      number = 27,
      value = "a config.json of another architecture",
      then = "an error with its model_type and those that are read")
  void anotherArchitectureIsRefused() {
    ObjectNode json = TinyLlava.config();
    json.put("model_type", "llava_next");
    assertThatThrownBy(() -> parse(json))
        .isInstanceOf(DsVlmException.class)
        .hasMessage("dir/config.json: 'model_type' is 'llava_next', not 'llava'");
    ObjectNode text = TinyLlava.config();
    ((ObjectNode) text.get("text_config")).put("model_type", "mistral");
    assertThatThrownBy(() -> parse(text))
        .hasMessageStartingWith("dir/config.json: 'text_config.model_type' is 'mistral'");
    ObjectNode without = TinyLlava.config();
    without.remove("vision_config");
    assertThatThrownBy(() -> parse(without))
        .hasMessageStartingWith("dir/config.json: 'vision_config' is missing");
  }

  @Test
  void refusesWhatIsNotBuilt() {
    ObjectNode layer = TinyLlava.config();
    layer.put("vision_feature_layer", 5);
    assertThatThrownBy(() -> parse(layer))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("dir/config.json: vision_feature_layer 5 does not exist");
    ObjectNode strategy = TinyLlava.config();
    strategy.put("vision_feature_select_strategy", "mean");
    assertThatThrownBy(() -> parse(strategy))
        .hasMessageContaining("is 'mean', not default or full");
    ObjectNode activation = TinyLlava.config();
    activation.put("projector_hidden_act", "relu");
    assertThatThrownBy(() -> parse(activation)).hasMessageContaining("only gelu is supported");
    ObjectNode unknown = TinyLlava.config();
    unknown.put("image_grid_pinpoints", "(336, 672)");
    assertThatThrownBy(() -> parse(unknown)).hasMessageContaining("'image_grid_pinpoints'");
  }
}
