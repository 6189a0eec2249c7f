/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.nn.Lora;
import org.dsvlm.nn.LoraConfig;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.PickleFiles;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.weights.safetensors.Safetensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Adapters, templates and names that a folder holds, and what cannot be used. */
class FolderPartsTest extends ExportedFolder {
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

  @Test
  void templatesOfWhichNoneIsTheDefaultAreNotGuessedAmong() throws IOException {
    edit(
        "tokenizer_config.json",
        json ->
            json.putArray("chat_template")
                .addObject()
                .put("name", "rag")
                .put("template", "{{ '<|im_start|>' }}"));
    assertThatThrownBy(() -> LlavaSettings.open(folder, null))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("tokenizer_config.json: 'chat_template' holds several templates")
        .hasMessageContaining("--template");
    LlavaSettings.open(folder, ConversationTemplate.VICUNA_V1).close();
  }
}
