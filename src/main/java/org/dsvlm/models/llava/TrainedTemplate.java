/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.InputFiles;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.text.Tokenizer;

/**
 * The conversation template that a LLaVA was trained on, as its folder tells: by our key in
 * config.json, by a chat template in Jinja that is known, or by the tokens that the tokenizer has.
 */
public final class TrainedTemplate {
  /** Our key in config.json. */
  static final String KEY = "dsvlm_conversation_template";

  static final String FILE = "chat_template.jinja";

  private static final String CHAT_TEMPLATE = "chat_template";

  private TrainedTemplate() {}

  /**
   * The template of the model in {@code folder}.
   *
   * @param tokenizer of the model
   * @throws DsVlmException if the folder names one that is not known here, naming the file
   */
  public static ConversationTemplate of(Path folder, Tokenizer tokenizer) {
    return named(folder).or(() -> recognised(folder)).orElseGet(() -> byTokens(tokenizer));
  }

  /** The template that our key names; empty without the key. */
  static Optional<ConversationTemplate> named(Path folder) {
    Path file = folder.resolve("config.json");
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    JsonConfig config = JsonConfig.read(file);
    if (!config.has(KEY)) {
      return Optional.empty();
    }
    try {
      return Optional.of(ConversationTemplate.named(config.text(KEY)));
    } catch (DsVlmException e) {
      throw config.error(KEY, "names an " + e.getMessage());
    }
  }

  private static Optional<ConversationTemplate> recognised(Path folder) {
    Path jinja = folder.resolve(FILE);
    if (Files.exists(jinja)) {
      try {
        return Optional.of(recognised(jinja, InputFiles.text(jinja)));
      } catch (IOException e) {
        throw new DsVlmException(jinja + ": cannot be read: " + e.getMessage(), e);
      }
    }
    for (String name :
        new String[] {"chat_template.json", "processor_config.json", "tokenizer_config.json"}) {
      Path file = folder.resolve(name);
      if (Files.exists(file)) {
        JsonConfig json = JsonConfig.read(file);
        Optional<String> text = defaultTemplate(json.json().path(CHAT_TEMPLATE));
        if (text.isEmpty() && !json.json().path(CHAT_TEMPLATE).isEmpty()) {
          throw json.error(
              CHAT_TEMPLATE,
              "holds several templates and none of them is the default; name the one that the"
                  + " model was trained on with --template");
        }
        if (text.isPresent()) {
          return Optional.of(recognised(file, text.get()));
        }
      }
    }
    return Optional.empty();
  }

  /** A text, or one of several named ones: the one named default. */
  private static Optional<String> defaultTemplate(JsonNode templates) {
    if (templates.isTextual()) {
      return Optional.of(templates.textValue());
    }
    if (templates.isObject()) {
      return Optional.ofNullable(templates.path("default").textValue());
    }
    for (JsonNode template : templates) {
      if (template.path("name").asText().equals("default")) {
        return Optional.ofNullable(template.path("template").textValue());
      }
    }
    return Optional.empty();
  }

  /** By the whole text where it is ours, else by the words that mark who speaks. */
  private static ConversationTemplate recognised(Path file, String jinja) {
    Optional<ConversationTemplate> ours =
        Arrays.stream(ConversationTemplate.values())
            .filter(template -> template.jinja().equals(jinja))
            .findFirst();
    if (ours.isPresent()) {
      return ours.get();
    }
    if (jinja.contains("<|im_start|>")) {
      return ConversationTemplate.QWEN2;
    }
    if (jinja.contains("<|start_header_id|>")) {
      return ConversationTemplate.LLAMA_3;
    }
    if (jinja.contains("ASSISTANT:")) {
      return ConversationTemplate.VICUNA_V1;
    }
    throw new DsVlmException(
        file
            + ": the chat template is none that is known; name the one that the model was trained"
            + " on with --template");
  }

  private static ConversationTemplate byTokens(Tokenizer tokenizer) {
    if (isToken("<|im_end|>", tokenizer)) {
      return ConversationTemplate.QWEN2;
    }
    return isToken("<|eot_id|>", tokenizer)
        ? ConversationTemplate.LLAMA_3
        : ConversationTemplate.VICUNA_V1;
  }

  private static boolean isToken(String text, Tokenizer tokenizer) {
    return tokenizer.encode(text, false).length == 1;
  }
}
