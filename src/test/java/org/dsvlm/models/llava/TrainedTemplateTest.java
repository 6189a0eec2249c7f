/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.testing.TensorScope;
import org.dsvlm.text.ConversationTemplate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What an export says about its conversations, and how a folder is understood. */
@ExtendWith(TensorScope.class)
class TrainedTemplateTest {
  private static final List<String> MARKERS =
      List.of(
          "<|begin_of_text|>",
          "<|start_header_id|>",
          "<|end_header_id|>",
          "<|eot_id|>",
          "<|im_start|>",
          "<|im_end|>",
          "\n");

  @TempDir Path temporary;

  private Path export(ConversationTemplate template) {
    Path folder = temporary.resolve("model");
    ModelFiles files = TinyLlava.files().withTemplate(template);
    ArrayNode added = (ArrayNode) files.tokenizer().get("added_tokens");
    long id = files.nextId();
    for (String marker : MARKERS) {
      added
          .addObject()
          .put("id", id++)
          .put("content", marker)
          .put("special", true)
          .put("single_word", false)
          .put("lstrip", false)
          .put("rstrip", false)
          .put("normalized", false);
    }
    TinyLlava.export(folder, files);
    return folder;
  }

  private static ConversationTemplate of(Path folder) {
    try (LlavaChat chat = LlavaChat.open(folder, LlavaChatOptions.DEFAULTS)) {
      return chat.template();
    }
  }

  @ParameterizedTest
  @EnumSource
  void anExportIsOpenedWithTheTemplateThatItWasTrainedOn(ConversationTemplate template)
      throws IOException {
    Path folder = export(template);
    assertThat(Files.readString(folder.resolve("chat_template.jinja"))).isEqualTo(template.jinja());
    assertThat(of(folder)).isEqualTo(template);
    Path config = folder.resolve("config.json");
    ObjectNode json = TinyLlava.json(config);
    assertThat(json.remove("dsvlm_conversation_template").asText()).isEqualTo(template.key());
    Files.writeString(config, json.toString());
    assertThat(of(folder).jinja()).as("by the Jinja alone").isEqualTo(template.jinja());
  }

  /** To the original layout and back, where it stands in config.json too. */
  @Test
  void copiesKeepIt() throws IOException {
    Path folder = export(ConversationTemplate.LLAMA_3_NEXT);
    Path original = temporary.resolve("original");
    Path back = temporary.resolve("back");
    LlavaExport.copy(folder, original, format(LlavaLayout.ORIGINAL), null);
    assertThat(of(original)).isEqualTo(ConversationTemplate.LLAMA_3_NEXT);
    LlavaExport.copy(original, back, format(LlavaLayout.HUGGING_FACE), null);
    assertThat(of(back)).isEqualTo(ConversationTemplate.LLAMA_3_NEXT);
    assertThat(Files.readString(back.resolve("chat_template.jinja")))
        .isEqualTo(ConversationTemplate.LLAMA_3_NEXT.jinja());
  }

  private static LlavaExport.Format format(LlavaLayout layout) {
    return new LlavaExport.Format(layout, ScalarType.Float, LlavaExport.SHARD_BYTES);
  }

  @Test
  void aFolderThatSaysNothingIsUnderstoodByItsTokens() {
    Path folder = temporary.resolve("model");
    TinyLlava.export(folder, TinyLlava.files());
    assertThat(folder.resolve("chat_template.jinja")).doesNotExist();
    assertThat(of(folder)).isEqualTo(ConversationTemplate.VICUNA_V1);
  }

  @Test
  void otherPeoplesChatTemplatesAreRecognisedByTheirMarks() throws IOException {
    Path folder = export(null);
    Path file = folder.resolve("chat_template.json");
    write(file, "{% for m in messages %}<|im_start|>{{ m['role'] }}{% endfor %}");
    assertThat(of(folder)).isEqualTo(ConversationTemplate.QWEN2);
    write(file, "{{ '<|start_header_id|>' + role + '<|end_header_id|>' }}");
    assertThat(of(folder)).isEqualTo(ConversationTemplate.LLAMA_3);
    write(file, "{{ message['role'].upper() + ': ' }}{{ 'ASSISTANT:' }}");
    assertThat(of(folder)).isEqualTo(ConversationTemplate.VICUNA_V1);
    write(file, "[INST] {{ message }} [/INST]");
    assertThatThrownBy(() -> of(folder))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("chat_template.json: the chat template is none that is known")
        .hasMessageContaining("--template");
  }

  private static void write(Path file, String jinja) throws IOException {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("chat_template", jinja);
    Files.writeString(file, json.toString());
  }

  @Test
  void anUnknownNameIsAnError() throws IOException {
    Path folder = export(ConversationTemplate.VICUNA_V1);
    Path config = folder.resolve("config.json");
    Files.writeString(config, Files.readString(config).replace("vicuna_v1", "vicuna_v9"));
    assertThatThrownBy(() -> of(folder))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("config.json")
        .hasMessageContaining("dsvlm_conversation_template")
        .hasMessageContaining("unknown template 'vicuna_v9'; known: [plain, ");
  }
}
