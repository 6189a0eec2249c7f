/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.image.ImageProcessor;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Folders as other programs leave them: what one file leaves out, another says. */
class FolderSettingsTest extends ExportedFolder {
  @ParameterizedTest
  @EnumSource
  void stopTokensOfTheConfigAreWrittenIntoAnExport(LlavaLayout layout) throws IOException {
    Files.delete(folder.resolve("generation_config.json"));
    edit("config.json", json -> json.put("eos_token_id", 7));
    edit("tokenizer_config.json", json -> json.remove("eos_token"));
    Path written = temporary.resolve("written");
    LlavaExport.copy(folder, written, format(layout), null);
    assertThat(
            TinyLlava.json(written.resolve("generation_config.json")).get("eos_token_id").asInt())
        .isEqualTo(7);
    Path back = temporary.resolve("back");
    LlavaExport.copy(written, back, format(LlavaLayout.HUGGING_FACE), null);
    // 2 is the end of the template.
    assertThat(stops(folder)).containsExactlyInAnyOrder(2L, 7L);
    assertThat(stops(written)).isEqualTo(stops(folder));
    assertThat(stops(back)).isEqualTo(stops(folder));
  }

  @Test
  void stopTokensThatGenerationLeavesOutAreTheConfigsOrTheTokenizers() throws IOException {
    edit("tokenizer_config.json", json -> json.remove("eos_token"));
    edit("generation_config.json", json -> json.remove("eos_token_id"));
    edit("config.json", json -> ((ObjectNode) json.get("text_config")).put("eos_token_id", 9));
    assertThat(stops(folder)).containsExactlyInAnyOrder(2L, 9L);
    edit("config.json", json -> ((ObjectNode) json.get("text_config")).remove("eos_token_id"));
    assertThat(stops(folder)).as("the template's own").containsExactly(2L);
    edit("tokenizer_config.json", json -> json.put("eos_token", "<unk>"));
    assertThat(stops(folder)).containsExactlyInAnyOrder(0L, 2L);
  }

  @ParameterizedTest
  @EnumSource
  void processorSettingsOfTransformers5AreReadAndExported(LlavaLayout layout) throws IOException {
    Path preprocessor = folder.resolve("preprocessor_config.json");
    ObjectNode settings = TinyLlava.json(preprocessor);
    ObjectNode before = ImageProcessor.read(preprocessor).toJson();
    Files.delete(preprocessor);
    edit("processor_config.json", json -> json.set("image_processor", settings));
    assertThat(LlavaPictures.read(folder).toJson()).isEqualTo(before);
    Path written = temporary.resolve("written");
    LlavaExport.copy(folder, written, format(layout), null);
    assertThat(LlavaPictures.read(written).toJson()).isEqualTo(before);
    Picture picture = Picture.read(Path.of("src/test/resources/pictures/gray.png"));
    try (LlavaChat chat = LlavaChat.open(written, LlavaChatOptions.DEFAULTS)) {
      chat.answer(picture, "What?");
    }
  }

  @Test
  void aConversationWithoutPicturesNeedsNoProcessor() throws IOException {
    Files.delete(folder.resolve("preprocessor_config.json"));
    Picture picture = Picture.read(Path.of("src/test/resources/pictures/gray.png"));
    try (LlavaChat chat = LlavaChat.open(folder, LlavaChatOptions.DEFAULTS)) {
      assertThatCode(() -> chat.answer(null, "What?")).doesNotThrowAnyException();
      assertThatThrownBy(() -> chat.answer(picture, "What?"))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining(
              "neither preprocessor_config.json nor processor_config.json with"
                  + " 'image_processor' is there");
    }
  }

  /** As the transformers library does, which ties only what is equal. */
  @ParameterizedTest
  @CsvSource({"true, true", "true, ", ", true", "false, true"})
  @BadInput(
      number = 28,
      value = "tie_word_embeddings beside an lm_head that is not the embedding table",
      then = "the head is used, and a line says so")
  void aHeadOfItsOwnIsUsedWhateverTheFlag(Boolean top, Boolean text) throws IOException {
    double[] expected = logits(folder);
    edit(
        "config.json",
        json -> {
          json.remove("tie_word_embeddings");
          ObjectNode section = (ObjectNode) json.get("text_config");
          section.remove("tie_word_embeddings");
          if (top != null) {
            json.put("tie_word_embeddings", top);
          }
          if (text != null) {
            section.put("tie_word_embeddings", text);
          }
        });
    assertThat(logits(folder)).isEqualTo(expected);
    Path written = temporary.resolve("written");
    LlavaExport.copy(folder, written, format(LlavaLayout.HUGGING_FACE), null);
    assertThat(logits(written)).isEqualTo(expected);
    assertThat(
            TinyLlava.json(written.resolve("config.json")).get("tie_word_embeddings").asBoolean())
        .isFalse();
  }

  @Test
  void tiedWeightsMayBeStoredOnceOrTwice() throws IOException {
    editWeights(tensors -> tensors.put(HEAD, tensors.get(TABLE)));
    double[] expected = logits(folder);
    edit("config.json", json -> json.put("tie_word_embeddings", true));
    assertThat(logits(folder)).as("twice").isEqualTo(expected);
    editWeights(tensors -> tensors.remove(TABLE));
    assertThat(logits(folder)).as("as the head alone").isEqualTo(expected);
    editWeights(tensors -> tensors.put(TABLE, tensors.remove(HEAD)));
    assertThat(logits(folder)).as("as the table alone").isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model.language_model.layers.2.input_layernorm.weight",
        "model.language_model.layers.0.self_attn.q_proj.bias",
        "model.vision_tower.vision_model.encoder.layers.9.layer_norm1.bias",
        "model.multi_modal_projector.linear_3.weight"
      })
  @BadInput(
      number = 30,
      value = "weights of a LLaVA with a layer or a bias more than its configuration",
      then = "an error that names the tensor")
  void aTensorThatTheModelHasNoPlaceForIsRefused(String name) {
    editWeights(tensors -> tensors.put(name, Torch.of(new float[64], 64)));
    assertThatThrownBy(() -> LlavaChat.open(folder, LlavaChatOptions.DEFAULTS))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("holds a tensor '")
        .hasMessageContaining(name.substring(name.lastIndexOf(".", name.lastIndexOf('.') - 1) + 1))
        .hasMessageContaining(
            "that the model of " + folder.resolve("config.json") + " does not have");
    assertThatThrownBy(
            () ->
                LlavaExport.copy(
                    folder, temporary.resolve("out"), format(LlavaLayout.HUGGING_FACE), null))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("does not have");
    assertThat(temporary.resolve("out")).doesNotExist();
  }

  @Test
  void aTensorBesideTheModelIsSaidAndLeftOut() {
    editWeights(tensors -> tensors.put("value_head.weight", Torch.of(new float[4], 4)));
    try (LoadedLlava llava = LoadedLlava.open(folder, null, "cpu")) {
      assertThat(llava.surplus()).containsExactly("value_head.weight");
    }
  }

  @ParameterizedTest
  @CsvSource({"Float", "BFloat16", "Half"})
  void theTypeOfTheFilesIsComputedIn(ScalarType stored) {
    Path written = temporary.resolve("written");
    LlavaExport.copy(
        folder,
        written,
        new LlavaExport.Format(LlavaLayout.HUGGING_FACE, stored, LlavaExport.SHARD_BYTES),
        null);
    try (LoadedLlava llava = LoadedLlava.openMapped(written, null, "cpu")) {
      assertThat(llava.parameters().dtype()).isEqualTo(stored);
    }
    try (LlavaChat chat = LlavaChat.open(written, LlavaChatOptions.DEFAULTS)) {
      Picture picture = Picture.read(Path.of("src/test/resources/pictures/gray.png"));
      assertThat(chat.answer(picture, "What?")).isNotNull();
    }
  }

  @Test
  @BadInput(
      number = 30,
      value = "weights in a type that is for storage alone, such as float8",
      then = "an error that asks for a type to compute in")
  void aTypeForStorageIsNotComputedIn() {
    editWeights(
        tensors -> tensors.replaceAll((name, tensor) -> tensor.to(ScalarType.Float8_e4m3fn)));
    assertThatThrownBy(() -> LlavaChat.open(folder, LlavaChatOptions.DEFAULTS))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("a type that no model computes in; choose one with --dtype");
    LoadedLlava.open(folder, ScalarType.BFloat16, "cpu").close();
  }

  /** Old folders name the end there alone. */
  @Test
  void theEndOfTheSpecialTokensStops() throws IOException {
    edit("tokenizer_config.json", json -> json.remove("eos_token"));
    edit("generation_config.json", json -> json.remove("eos_token_id"));
    Files.writeString(
        folder.resolve("special_tokens_map.json"), "{\"eos_token\": {\"content\": \"<unk>\"}}");
    assertThat(stops(folder)).containsExactlyInAnyOrder(0L, 2L);
    Path written = temporary.resolve("written");
    LlavaExport.copy(folder, written, format(LlavaLayout.ORIGINAL), null);
    assertThat(stops(written)).containsExactlyInAnyOrder(0L, 2L);
  }

  @Test
  void aProcessorWithoutAClassIsTheModels() throws IOException {
    ObjectNode before = LlavaPictures.read(folder).toJson();
    edit(
        "preprocessor_config.json",
        json -> {
          json.remove("image_processor_type");
          json.remove("feature_extractor_type");
        });
    ObjectNode expected = before.deepCopy().put("image_processor_type", "LlavaImageProcessor");
    expected.remove("do_pad");
    ObjectNode read = LlavaPictures.read(folder).toJson();
    read.remove("do_pad");
    assertThat(read).isEqualTo(expected);
    Path written = temporary.resolve("written");
    LlavaExport.copy(folder, written, format(LlavaLayout.HUGGING_FACE), null);
    assertThat(LlavaPictures.read(written).toJson()).isEqualTo(LlavaPictures.read(folder).toJson());
    edit("config.json", json -> json.put("model_type", "other"));
    assertThatThrownBy(() -> LlavaPictures.read(folder))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("preprocessor_config.json: 'image_processor_type' is missing");
  }
}
