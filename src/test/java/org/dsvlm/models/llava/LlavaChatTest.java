/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.dsvlm.BadInput;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.TensorScope;
import org.dsvlm.text.Turn;
import org.dsvlm.weights.safetensors.Safetensors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(TensorScope.class)
class LlavaChatTest {
  private static final Path PICTURE = Path.of("src/test/resources/pictures/gray.png");

  @TempDir Path temporary;

  private Path folder;

  @BeforeEach
  void export() {
    folder = temporary.resolve("model");
    TinyLlava.export(folder, TinyLlava.files());
  }

  private LlavaChat open() {
    return LlavaChat.open(folder, LlavaChatOptions.DEFAULTS);
  }

  @Test
  void theAnswerIsWhatTheListenerHears() {
    try (LlavaChat chat = open()) {
      GenerationSettings settings = chat.settings().withMaxNewTokens(20);
      Picture picture = Picture.read(PICTURE);
      List<String> pieces = new ArrayList<>();
      String answer =
          chat.answer(
              List.of(picture),
              List.of(Turn.human("What is this?")),
              settings,
              (record, piece) -> pieces.add(piece));
      assertThat(answer).isNotBlank().isEqualTo(String.join("", pieces));
      assertThat(pieces).hasSizeGreaterThan(1);
      List<Turn> placed = List.of(Turn.human("<image>\nWhat is this?"));
      assertThat(chat.answer(List.of(picture), placed, settings, (record, piece) -> {}))
          .isEqualTo(answer);
      List<Turn> without = List.of(Turn.human("What is this?"));
      assertThat(chat.answer(List.of(), without, settings, (record, piece) -> {}))
          .isNotEqualTo(answer);
    }
  }

  @Test
  void goesOnWithAConversation() {
    try (LlavaChat chat = open()) {
      GenerationSettings settings = chat.settings().withMaxNewTokens(8);
      Picture picture = Picture.read(PICTURE);
      List<Turn> turns = new ArrayList<>(List.of(Turn.human("What is this?")));
      String first = chat.answer(List.of(picture), turns, settings, (record, piece) -> {});
      turns.add(Turn.assistant(first));
      turns.add(Turn.human("And now?"));
      assertThat(chat.answer(List.of(picture), turns, settings, (record, piece) -> {}))
          .isNotEqualTo(first);
    }
  }

  @Test
  void severalPicturesStandWhereTheirMarksDo() {
    Picture gray = Picture.read(PICTURE);
    Picture other = Picture.read(PICTURE.resolveSibling("alpha.png"));
    try (LlavaChat chat = open()) {
      GenerationSettings settings = chat.settings().withMaxNewTokens(20);
      List<Turn> before = List.of(Turn.human("Which?"));
      List<Turn> placed = List.of(Turn.human("<image>\n<image>\nWhich?"));
      String answer = chat.answer(List.of(gray, other), before, settings, (record, piece) -> {});
      assertThat(chat.answer(List.of(gray, other), placed, settings, (record, piece) -> {}))
          .isEqualTo(answer);
      assertThat(chat.answer(List.of(other, gray), placed, settings, (record, piece) -> {}))
          .isNotEqualTo(answer);
      assertThatThrownBy(() -> chat.answer(List.of(gray), placed, settings, (record, piece) -> {}))
          .isInstanceOf(DsVlmException.class)
          .hasMessage("the conversation has <image> 2 times, but its pictures are 1");
    }
  }

  /** Text alone, one picture and two, short and long. */
  @Test
  void answersDoNotHangOnTheBatch() {
    Picture gray = Picture.read(PICTURE);
    Picture other = Picture.read(PICTURE.resolveSibling("alpha.png"));
    try (LlavaChat chat = open()) {
      GenerationSettings settings = chat.settings().withMaxNewTokens(25);
      List<List<Picture>> shown =
          List.of(List.of(), List.of(gray), List.of(other, gray), List.of(other));
      Map<Integer, String> alone = new TreeMap<>();
      for (int together : new int[] {1, 4, 16}) {
        Map<Integer, String> answers = new TreeMap<>();
        for (int i = 0; i < 16; i += together) {
          List<PreparedPrompt> prompts = new ArrayList<>();
          for (int j = i; j < i + together; j++) {
            List<Turn> turns = List.of(Turn.human("What is " + "this ".repeat(j % 5) + "?"));
            prompts.add(chat.prepare(shown.get(j % 4), turns, j));
          }
          List<String> replies = chat.answers(prompts, settings);
          for (int j = 0; j < together; j++) {
            answers.put(i + j, replies.get(j));
          }
          prompts.forEach(PreparedPrompt::close);
        }
        alone = together == 1 ? answers : alone;
        assertThat(answers).isEqualTo(alone);
      }
      assertThat(alone.values().stream().distinct()).hasSizeGreaterThan(8);
    }
  }

  @Test
  void aPromptWithoutRoomForAnAnswerIsRefused() {
    try (LlavaChat chat = open()) {
      List<Turn> turns = List.of(Turn.human("word ".repeat(3000)));
      assertThatThrownBy(() -> chat.prepare(List.of(), turns, 0))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("leaves no room for an answer");
    }
  }

  @Test
  void severalThreadsMayAskAtOnce() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(3);
    try (LlavaChat chat = open()) {
      GenerationSettings settings = chat.settings().withMaxNewTokens(12);
      Callable<String> question =
          () ->
              chat.answer(
                  List.of(Picture.read(PICTURE)),
                  List.of(Turn.human("What is this?")),
                  settings,
                  (record, piece) -> {});
      String alone = question.call();
      for (Future<String> answer : threads.invokeAll(List.of(question, question, question))) {
        assertThat(answer.get()).isEqualTo(alone);
      }
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void aConversationThatIsTooLongIsRefused() {
    try (LlavaChat chat = open()) {
      assertThatThrownBy(() -> chat.answer(null, "word ".repeat(3000)))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("context");
      assertThatThrownBy(() -> chat.answer(null, "<image> where?"))
          .isInstanceOf(DsVlmException.class);
    }
  }

  @Test
  @BadInput(
      number = 32,
      value = "a tokenizer with more tokens than the model has rows",
      then = "an error that says that tokenizer and weights do not belong together")
  void aTokenizerOfAnotherModelIsRefused() throws IOException {
    Path file = folder.resolve("tokenizer.json");
    ObjectNode json = TinyLlava.json(file);
    ArrayNode added = (ArrayNode) json.get("added_tokens");
    for (int id = added.get(added.size() - 1).get("id").asInt() + 1; id < 1500; id++) {
      ObjectNode token = added.get(0).deepCopy();
      added.add(token.put("id", id).put("content", "<" + id + ">"));
    }
    Files.writeString(file, json.toString());
    assertThatThrownBy(this::open)
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("tokenizer.json")
        .hasMessageContaining("tokenizer and weights do not belong together");
  }

  @Test
  void theCheckIsOfTheSamePrompt() {
    Path file = temporary.resolve("check.safetensors");
    try (LlavaChat chat = open()) {
      chat.writeCheck(file, Picture.read(PICTURE), "What is this?", 3);
    }
    try (Safetensors check = Safetensors.open(file)) {
      assertThat(check.shape("generated")).containsExactly(1, 3);
      assertThat(check.shape("pixel_values")).containsExactly(1, 3, 56, 56);
    }
  }

  /** What no check foresaw has one line, too. */
  @Test
  void anErrorOfLibTorchHasNoTraceOfCpp(@TempDir Path parent) {
    Path folder = parent.resolve("model");
    TinyLlava.export(folder, TinyLlava.files());
    try (LlavaChat chat = LlavaChat.open(folder, LlavaChatOptions.DEFAULTS)) {
      assertThatThrownBy(
              () ->
                  chat.answer(
                      List.of(),
                      List.of(Turn.human("What?")),
                      chat.settings().withMaxNewTokens(4),
                      (record, piece) ->
                          Torch.of(new float[6], 2, 3).matmul(Torch.of(new float[4], 2, 2))))
          .isInstanceOf(DsVlmException.class)
          .hasMessageStartingWith("the model: LibTorch says: ")
          .hasMessageNotContaining("Exception raised from");
      assertThatThrownBy(() -> Turn.human(null))
          .isInstanceOf(DsVlmException.class)
          .hasMessage("the argument 'text' is null");
    }
  }
}
