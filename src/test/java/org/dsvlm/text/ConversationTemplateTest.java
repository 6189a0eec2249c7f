/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ConversationTemplateTest {
  private static final Path TOKENIZERS = Path.of("src/test/resources/golden/tokenization");

  @TempDir Path folder;

  @Test
  void movesThePictureToTheFront() {
    assertThat(ConversationTemplate.imageFirst("Describe it.\n<image>"))
        .isEqualTo("<image>\nDescribe it.");
    assertThat(ConversationTemplate.imageFirst("<image>")).isEqualTo("<image>");
    assertThat(ConversationTemplate.imageFirst(" no picture ")).isEqualTo(" no picture ");
  }

  @Test
  void trainsAnswersAndTheirEndAlone() {
    try (Tokenizer tokenizer = Tokenizer.open(TOKENIZERS.resolve("small_sp"))) {
      TokenizedConversation tokenized =
          ConversationTemplate.VICUNA_V1.tokenize(
              List.of(Turn.human("<image>\nWhat is it?"), Turn.assistant("A cat.")), tokenizer);
      long[] trained =
          Arrays.stream(tokenized.labels())
              .filter(label -> label != TokenizedConversation.IGNORED)
              .toArray();
      assertThat(tokenizer.decode(trained, false)).isEqualTo("A cat.</s>");
      assertThat(tokenized.ids())
          .startsWith(tokenizer.id("<s>"))
          .containsOnlyOnce(ConversationTemplate.IMAGE_MARKER);
    }
  }

  @Test
  void generationPromptIsTheBeginningOfThePrompt() {
    for (ConversationTemplate template : ConversationTemplate.values()) {
      List<Turn> turns = List.of(Turn.human("<image>\nWhat?"), Turn.assistant("A cat."));
      assertThat(template.prompt(turns))
          .as(template.key())
          .startsWith(template.generationPrompt(turns.subList(0, 1)));
    }
  }

  @Test
  void refusesTurnsOutOfOrder() {
    ConversationTemplate template = ConversationTemplate.VICUNA_V1;
    assertThatThrownBy(() -> template.prompt(List.of(Turn.assistant("a"))))
        .isInstanceOf(DsVlmException.class)
        .hasMessage("a conversation of 0 turns; every question needs its answer");
    assertThatThrownBy(() -> template.prompt(List.of(Turn.assistant("a"), Turn.assistant("b"))))
        .hasMessage("turn 0 is the assistant's; the human begins, then both take turns");
    assertThatThrownBy(() -> template.prompt(List.of(Turn.human("a"), Turn.human("b"))))
        .hasMessageStartingWith("turn 1 is the human's");
    assertThatThrownBy(() -> template.prompt(List.of(Turn.human("a"))))
        .hasMessage("a conversation of 1 turns; every question needs its answer");
    assertThatThrownBy(() -> template.prompt(List.of())).hasMessageContaining("of 0 turns");
    assertThatThrownBy(
            () ->
                ConversationTemplate.PLAIN.prompt(
                    List.of(Turn.human("no picture"), Turn.assistant("a caption"))))
        .hasMessageStartingWith("the plain template takes one turn with <image>");
    assertThatThrownBy(() -> ConversationTemplate.named("vicuna"))
        .hasMessageStartingWith("unknown template 'vicuna'; known: [plain, vicuna_v1, ");
  }

  /**
   * A tokenizer that knows two line breaks as one token joins a header with an empty first line.
   */
  @Test
  void anAnswerThatBeginsWithLineBreaksIsTokenizedAsInGeneration() throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    Path file = folder.resolve("tokenizer.json");
    ObjectNode json =
        (ObjectNode)
            mapper.readTree(TOKENIZERS.resolve("small_qwen2").resolve("tokenizer.json").toFile());
    ObjectNode model = (ObjectNode) json.get("model");
    ArrayNode added = (ArrayNode) json.get("added_tokens");
    ((ObjectNode) model.get("vocab")).put("ĊĊ", model.get("vocab").size());
    added.forEach(token -> ((ObjectNode) token).put("id", token.get("id").asLong() + 1));
    ((ArrayNode) model.get("merges")).addArray().add("Ċ").add("Ċ");
    mapper.writeValue(file.toFile(), json);
    try (Tokenizer tokenizer = Tokenizer.open(file)) {
      for (String answer : List.of("\nBecause.", "\n\nSure", "\n \n\n x", "plain", "ends\n")) {
        Turn question = Turn.human("<image>\nWhy?");
        List<Turn> turns =
            List.of(question, Turn.assistant(answer), Turn.human("And?"), Turn.assistant("\nTwo."));
        TokenizedConversation tokens = ConversationTemplate.QWEN2.tokenize(turns, tokenizer);
        String asked = ConversationTemplate.QWEN2.generationPrompt(List.of(question));
        long[] prompt = ConversationTemplate.QWEN2.tokenize(asked, tokenizer);
        assertThat(tokens.ids()).as(answer).startsWith(prompt);
        long[] trained =
            Arrays.stream(tokens.labels())
                .filter(label -> label != TokenizedConversation.IGNORED)
                .toArray();
        assertThat(tokenizer.decode(trained, false))
            .isEqualTo(answer + "<|im_end|>" + "\nTwo.<|im_end|>");
        assertThat(tokens.labels()[prompt.length]).isEqualTo(tokens.ids()[prompt.length]);
        assertThat(ConversationTemplate.QWEN2_NEXT.tokenize(turns, tokenizer).ids())
            .as("header and answer together")
            .hasSizeLessThanOrEqualTo(tokens.ids().length);
      }
    }
  }

  @Test
  void aTurnOfTheAssistantBeforeTheFirstQuestionIsLeftOut() {
    try (Tokenizer tokenizer = Tokenizer.open(TOKENIZERS.resolve("small_sp"))) {
      List<Turn> turns = List.of(Turn.human("Why?"), Turn.assistant("Because."));
      List<Turn> greeted = new ArrayList<>(turns);
      greeted.add(0, Turn.assistant("Welcome."));
      ConversationTemplate template = ConversationTemplate.VICUNA_V1;
      assertThat(template.prompt(greeted)).isEqualTo(template.prompt(turns));
      assertThat(template.generationPrompt(greeted.subList(0, 2)))
          .isEqualTo(template.generationPrompt(turns.subList(0, 1)));
      assertThat(template.tokenize(greeted, tokenizer).labels())
          .isEqualTo(template.tokenize(turns, tokenizer).labels());
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = ConversationTemplate.class,
      names = {"PLAIN"},
      mode = EnumSource.Mode.EXCLUDE)
  void theMarkersOfATemplateAreDemanded(ConversationTemplate template) {
    String own =
        template.key().startsWith("llama")
            ? "small_llama3"
            : template.key().startsWith("qwen") ? "small_qwen2" : "small_sp";
    String other = own.equals("small_qwen2") ? "small_llama3" : "small_qwen2";
    try (Tokenizer right = Tokenizer.open(TOKENIZERS.resolve(own));
        Tokenizer wrong = Tokenizer.open(TOKENIZERS.resolve(other))) {
      template.requireTokens(right);
      assertThat(template.endToken(right)).isPresent();
      assertThatThrownBy(() -> template.requireTokens(wrong))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("as one token, which this tokenizer does not have");
    }
  }

  @Test
  void aTemplateWhoseTokensAreMissingIsAnError() {
    try (Tokenizer tokenizer = Tokenizer.open(TOKENIZERS.resolve("small_sp"))) {
      assertThatThrownBy(
              () ->
                  ConversationTemplate.LLAMA_3_NEXT.tokenize(
                      List.of(Turn.human("Why?"), Turn.assistant("Because.")), tokenizer))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("needs '<|begin_of_text|>' as one token");
    }
  }
}
