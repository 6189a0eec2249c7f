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
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.image.ImageProcessor;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.nn.Lora;
import org.dsvlm.nn.LoraConfig;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.PickleFiles;
import org.dsvlm.testing.TensorScope;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.weights.safetensors.Safetensors;
import org.dsvlm.weights.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Folders as other programs leave them: what one file leaves out, another says. */
@ExtendWith(TensorScope.class)
class FolderSettingsTest {
  private static final String HEAD = "lm_head.weight";
  private static final String TABLE = "model.language_model.embed_tokens.weight";

  @TempDir Path temporary;
  private Path folder;

  @BeforeEach
  void export() {
    folder = temporary.resolve("model");
    TinyLlava.export(folder, TinyLlava.files());
  }

  private void edit(String file, Consumer<ObjectNode> change) throws IOException {
    edit(folder, file, change);
  }

  private static void edit(Path folder, String file, Consumer<ObjectNode> change)
      throws IOException {
    ObjectNode json = TinyLlava.json(folder.resolve(file));
    change.accept(json);
    Files.writeString(folder.resolve(file), json.toString());
  }

  private void editWeights(Consumer<Map<String, Tensor>> change) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    Path file = folder.resolve("model.safetensors");
    try (Safetensors stored = Safetensors.open(file)) {
      stored.names().forEach(name -> tensors.put(name, stored.read(name).clone()));
    }
    change.accept(tensors);
    SafetensorsWriter.write(file, tensors);
  }

  private static Set<Long> stops(Path folder) {
    try (LlavaSettings settings = LlavaSettings.open(folder, null)) {
      return settings.generation().stopTokens();
    }
  }

  private static double[] logits(Path folder) {
    try (LoadedLlava llava = LoadedLlava.open(folder, null, "cpu")) {
      return Torch.doubles(
          llava.model().logits(Torch.of(new long[] {1, 5, 9, 7}, 1, 4), null, null));
    }
  }

  private static LlavaExport.Format format(LlavaLayout layout) {
    return new LlavaExport.Format(layout, ScalarType.Float, LlavaExport.SHARD_BYTES);
  }

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

  private Path adapter() {
    Path adapter = temporary.resolve("adapter");
    RandomState random = new RandomState(3);
    try (LoadedLlava llava = LoadedLlava.open(folder, ScalarType.Float, "cpu");
        Lora lora =
            LlavaLora.start(
                llava.parameters(), LoraConfig.of(2, 4, 0, false, "all-linear"), random)) {
      LlavaLora.write(adapter, lora, LlavaLora.Layout.LANGUAGE_MODEL, null);
    }
    return adapter;
  }

  private Tensor connector(float scale) {
    try (Safetensors stored = Safetensors.open(folder.resolve("model.safetensors"))) {
      return stored.read("model.multi_modal_projector.linear_1.weight").mul(Torch.scalar(scale));
    }
  }

  /** What the original project's finetune_lora.sh leaves: the connector was trained along. */
  @Test
  void aConnectorBesideAnAdapterIsUsed() throws IOException {
    Path adapter = adapter();
    PickleFiles.save(
        adapter.resolve("non_lora_trainables.bin"),
        Map.of("base_model.model.model.mm_projector.0.weight", connector(3)));
    String ours = "multi_modal_projector.linear_1.weight";
    try (LoadedLlava llava = LoadedLlava.open(folder, ScalarType.Float, "cpu")) {
      Tensor weight = llava.parameters().tensors().get(ours);
      try (Lora lora = LlavaLora.read(adapter, llava.parameters())) {
        assertThat(weight.equal(connector(3))).as("attached").isTrue();
      }
      assertThat(weight.equal(connector(1))).as("closed").isTrue();
      LlavaLora.merge(adapter, llava.parameters());
      assertThat(weight.equal(connector(3))).as("merged").isTrue();
    }
    Path written = temporary.resolve("written");
    LlavaExport.copy(folder, written, format(LlavaLayout.HUGGING_FACE), adapter);
    try (Safetensors stored = Safetensors.open(written.resolve("model.safetensors"))) {
      assertThat(stored.read("model." + ours).equal(connector(3))).as("exported").isTrue();
    }
  }

  @Test
  @BadInput(
      number = 30,
      value = "parts of another model beside an adapter",
      then = "an error that names file and tensor")
  void partsOfAnotherModelAreRefused() throws IOException {
    Path adapter = adapter();
    Path parts = adapter.resolve("non_lora_trainables.bin");
    try (LoadedLlava llava = LoadedLlava.open(folder, ScalarType.Float, "cpu")) {
      PickleFiles.save(parts, Map.of("base_model.model.model.mm_projector.4.weight", connector(1)));
      assertThatThrownBy(() -> LlavaLora.read(adapter, llava.parameters()))
          .hasMessageContaining(parts.toString())
          .hasMessageContaining("model.mm_projector.4.weight' of shape")
          .hasMessageContaining("is no parameter of the model");
      PickleFiles.save(
          parts,
          Map.of("base_model.model.model.mm_projector.0.weight", Torch.of(new float[] {1}, 1)));
      assertThatThrownBy(() -> LlavaLora.read(adapter, llava.parameters()))
          .hasMessageContaining("takes the place of one of shape");
      Files.move(parts, adapter.resolve("mm_projector.bin"));
      assertThatThrownBy(() -> LlavaLora.read(adapter, llava.parameters()))
          .hasMessageContaining("mm_projector.bin: a connector beside an adapter");
    }
  }

  @Test
  @BadInput(
      number = 30,
      value = "an adapter's folder given as a model's",
      then = "an error that says which option takes it")
  void anAdapterIsNoModel() throws IOException {
    Path adapter = adapter();
    Files.copy(TinyLlava.FOLDER.resolve("original/config.json"), adapter.resolve("config.json"));
    assertThatThrownBy(() -> LlavaChat.open(adapter, LlavaChatOptions.DEFAULTS))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith(adapter + ": is an adapter; give the model")
        .hasMessageContaining("--adapter");
  }

  @Test
  void anAdapterOfATiedHeadIsExplained() throws IOException {
    Path adapter = temporary.resolve("adapter");
    try (LoadedLlava llava = LoadedLlava.open(folder, ScalarType.Float, "cpu");
        Lora lora =
            LlavaLora.start(
                llava.parameters(), LoraConfig.of(2, 4, 0, false, "lm_head"), new RandomState(1))) {
      LlavaLora.write(adapter, lora, LlavaLora.Layout.LANGUAGE_MODEL, null);
    }
    editWeights(tensors -> tensors.remove(HEAD));
    edit("config.json", json -> json.put("tie_word_embeddings", true));
    try (LoadedLlava llava = LoadedLlava.open(folder, ScalarType.Float, "cpu")) {
      assertThatThrownBy(() -> LlavaLora.read(adapter, llava.parameters()))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("adapts the output head, which is the embedding table");
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = ConversationTemplate.class,
      names = {"PLAIN", "VICUNA_V1"},
      mode = EnumSource.Mode.EXCLUDE)
  @BadInput(
      number = 33,
      value = "a conversation template whose markers the tokenizer splits",
      then = "an error that names template and marker, in chat and in training")
  void aTemplateOfAnotherVocabularyIsRefused(ConversationTemplate template) {
    assertThatThrownBy(
            () -> LlavaChat.open(folder, LlavaChatOptions.DEFAULTS.withTemplate(template)))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("as one token, which this tokenizer does not have")
        .hasMessageContaining(template.key() + " is not the template of this model");
  }

  @Test
  void whatAnExportChangesIsFound() throws IOException {
    ReadBack before = ReadBack.of(folder);
    Path written = temporary.resolve("written");
    LlavaExport.copy(folder, written, format(LlavaLayout.HUGGING_FACE), null);
    try (LlavaFolder files = LlavaFolder.open(folder)) {
      before.compare(written, files.config(), files.weights());
      changed(before, files, written, "tokenizer_config.json", "add_bos_token", "other ids");
      changed(before, files, written, "generation_config.json", "eos_token_id", "stop tokens");
      changed(
          before,
          files,
          written,
          "preprocessor_config.json",
          "image_mean",
          "settings for pictures");
      changed(before, files, written, "config.json", "vision_feature_layer", "sizes");
    }
  }

  private static void changed(
      ReadBack before, LlavaFolder files, Path written, String file, String key, String problem)
      throws IOException {
    String content = Files.readString(written.resolve(file));
    edit(
        written,
        file,
        json -> {
          switch (key) {
            case "add_bos_token" -> json.put(key, false);
            case "eos_token_id" -> json.put(key, 17);
            case "vision_feature_layer" -> json.put(key, -1);
            default -> json.set(key, json.arrayNode().add(0.1).add(0.2).add(0.3));
          }
        });
    assertThatThrownBy(() -> before.compare(written, files.config(), files.weights()))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("was read back and has " + problem.replace("other ", ""));
    Files.writeString(written.resolve(file), content);
  }

  @Test
  @BadInput(
      number = 30,
      value = "an export of weights that are not finite",
      then = "an error that names the tensor; nothing is written")
  void weightsThatAreNotFiniteAreNotExported() {
    editWeights(
        tensors -> tensors.get("model.language_model.norm.weight").fill_(Torch.scalar(Double.NaN)));
    Path written = temporary.resolve("written");
    assertThatThrownBy(
            () -> LlavaExport.copy(folder, written, format(LlavaLayout.HUGGING_FACE), null))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(
            "language_model.model.norm.weight' holds numbers that are not finite");
    assertThat(written).doesNotExist();
  }

  @Test
  void theHubsCacheIsOpenedFromItsRoot() throws IOException {
    Path root = temporary.resolve("models--someone--llava");
    Path snapshot = root.resolve("snapshots").resolve("abc");
    Files.createDirectories(snapshot.getParent());
    Files.move(folder, snapshot);
    try (LlavaChat chat = LlavaChat.open(root, LlavaChatOptions.DEFAULTS)) {
      assertThat(chat.template()).isEqualTo(ConversationTemplate.VICUNA_V1);
    }
    Path out = temporary.resolve("out");
    LlavaExport.copy(root, out, format(LlavaLayout.HUGGING_FACE), null);
    assertThat(out.resolve("tokenizer.json")).exists();
    Files.createDirectories(snapshot.resolveSibling("def"));
    assertThatThrownBy(() -> LlavaChat.open(root, LlavaChatOptions.DEFAULTS))
        .hasMessageContaining("with 2 snapshots");
    Files.createDirectories(root.resolve("refs"));
    Files.writeString(root.resolve("refs").resolve("main"), "abc\n");
    LlavaChat.open(root, LlavaChatOptions.DEFAULTS).close();
  }

  @Test
  void optionsOfPythonProgramsArePassedOver() throws IOException {
    edit(
        "config.json",
        json -> {
          json.put("use_flash_attention_2", true);
          ((ObjectNode) json.get("text_config")).put("attn_implementation", "flash_attention_2");
          ((ObjectNode) json.get("vision_config")).put("attn_implementation", "sdpa");
        });
    edit(
        "generation_config.json",
        json ->
            json.put("attn_implementation", "flash_attention_2")
                .put("return_dict_in_generate", true)
                .put("output_scores", true)
                .put("disable_compile", true));
    LlavaChat.open(folder, LlavaChatOptions.DEFAULTS).close();
    edit(
        "config.json",
        json -> {
          json.put("some_gate", 1);
          ((ObjectNode) json.get("text_config")).put("mlp_scale", 2);
          ((ObjectNode) json.get("vision_config")).put("odd", 3);
        });
    assertThatThrownBy(() -> LlavaChat.open(folder, LlavaChatOptions.DEFAULTS))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(
            "'some_gate' is 1, 'text_config.mlp_scale' is 2,"
                + " 'vision_config.odd' is 3, settings that are not computed here");
  }

  @Test
  void anOldLlavaDoesNotNameItsConnector() throws IOException {
    Path original = temporary.resolve("original");
    LlavaExport.copy(folder, original, format(LlavaLayout.ORIGINAL), null);
    edit(original, "config.json", json -> json.remove("mm_projector_type"));
    assertThatThrownBy(() -> LlavaFolder.open(original))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("'mm_projector_type' is missing, which stands for linear");
  }

  @Test
  void namedTemplatesOfATokenizerCount() throws IOException {
    edit(
        "tokenizer_config.json",
        json -> {
          json.putArray("chat_template")
              .addObject()
              .put("name", "default")
              .put("template", "{{ '<|im_start|>' }}");
        });
    assertThatThrownBy(() -> LlavaSettings.open(folder, null))
        .hasMessageContaining("the template needs '<|im_start|>' as one token");
  }

  @Test
  void tokensToldBesideTheTokenizerAreItsOwn() throws IOException {
    List<Long> ids;
    try (LlavaSettings settings = LlavaSettings.open(folder, null)) {
      ids = Arrays.stream(settings.tokenizer().encode("<|user|> hi", false)).boxed().toList();
    }
    assertThat(ids).hasSizeGreaterThan(3);
    edit(
        "tokenizer_config.json",
        json ->
            json.putObject("added_tokens_decoder")
                .putObject("1401")
                .put("content", "<|user|>")
                .put("special", true));
    try (LlavaSettings settings = LlavaSettings.open(folder, null)) {
      assertThat(settings.tokenizer().encode("<|user|> hi", false)).startsWith(1401);
    }
    Path written = temporary.resolve("written");
    LlavaExport.copy(folder, written, format(LlavaLayout.ORIGINAL), null);
    try (LlavaSettings settings = LlavaSettings.open(written, null)) {
      assertThat(settings.tokenizer().encode("<|user|> hi", false)).startsWith(1401);
    }
  }
}
