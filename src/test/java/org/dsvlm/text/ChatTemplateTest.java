/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The Jinja templates against what the transformers library rendered them to: {@code
 * benchmarks/peers/check_chat_template.py} made the texts, and makes them anew of the {@code
 * chat_template.jinja} of exports.
 */
class ChatTemplateTest {
  private static final Path FOLDER = Path.of("src/test/resources/chat_templates");
  private static final ObjectMapper JSON = new ObjectMapper();

  @ParameterizedTest
  @EnumSource
  void isTheTemplateThatWasRendered(ConversationTemplate template) throws IOException {
    Path file = FOLDER.resolve(template.key() + ".jinja");
    assertThat(template.jinja()).isEqualTo(Files.readString(file));
  }

  @ParameterizedTest
  @EnumSource
  void rendersToThePromptOfTheConversation(ConversationTemplate template) throws IOException {
    JsonNode texts = JSON.readTree(FOLDER.resolve(template.key() + ".json").toFile());
    JsonNode cases =
        JSON.readTree(FOLDER.resolve("conversations.json").toFile())
            .get(template == ConversationTemplate.PLAIN ? "plain" : "others");
    assertThat(texts).hasSameSizeAs(cases).hasSizeGreaterThan(2);
    for (JsonNode conversation : cases) {
      List<Turn> turns = new ArrayList<>();
      conversation.get("turns").forEach(turn -> turns.add(turn(turns.size(), turn.textValue())));
      String prompt =
          turns.size() % 2 == 0 ? template.prompt(turns) : template.generationPrompt(turns);
      String name = conversation.get("name").textValue();
      assertThat(prompt).as(name).isEqualTo(texts.get(name).textValue());
    }
  }

  private static Turn turn(int number, String text) {
    return new Turn(number % 2 == 0, text);
  }
}
