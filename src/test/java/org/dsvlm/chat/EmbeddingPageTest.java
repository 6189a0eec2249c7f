/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.models.llava.LlavaChatOptions;
import org.dsvlm.models.llava.TinyLlava;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java of docs/embedding.md, which runs here or is a part of an example. */
class EmbeddingPageTest {
  private static final Path PAGE = Path.of("docs/embedding.md");
  private static final Pattern BLOCK = Pattern.compile("(?s)\n```java\n(.*?)\n```\n");
  private static final Path SOURCE = Path.of("src/test/java/org/dsvlm/chat/EmbeddingPageTest.java");
  private static final Path EXAMPLES = Path.of("src/examples/java");

  @TempDir static Path temporary;

  private static Path folder;
  private static Path file;
  private static ChatModel model;

  @BeforeAll
  static void open() {
    file = Path.of("src/test/resources/pictures/gray.png");
    folder = temporary.resolve("model");
    TinyLlava.export(folder, TinyLlava.files());
    model = ChatModel.open(folder, LlavaChatOptions.DEFAULTS);
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @Test
  void everyBlockIsCompiled() throws IOException {
    List<String> sources = new ArrayList<>(List.of(squeezed(Files.readString(SOURCE))));
    if (Files.isDirectory(EXAMPLES)) {
      try (Stream<Path> files = Files.walk(EXAMPLES)) {
        for (Path each : files.filter(path -> path.toString().endsWith(".java")).toList()) {
          sources.add(squeezed(Files.readString(each)));
        }
      }
    }
    List<String> blocks =
        BLOCK.matcher(Files.readString(PAGE)).results().map(found -> found.group(1)).toList();
    assertThat(blocks).hasSizeGreaterThan(4);
    for (String block : blocks) {
      assertThat(sources).as(block).anyMatch(source -> source.contains(squeezed(block)));
    }
  }

  /** Without what a formatter may change. */
  private static String squeezed(String code) {
    return code.replaceAll("\\s+", "");
  }

  @Test
  void ask() {
    try (ChatModel model = ChatModel.open(folder, LlavaChatOptions.DEFAULTS)) {
      ChatRequest request = ChatRequest.of(Picture.read(file), "What is this?");
      ChatAnswer answer = model.ask(request);
      System.out.println(answer.text() + " (" + answer.finishReason() + ")");
      assertThat(answer.text()).isNotBlank();
    }
  }

  @Test
  void settingsAndTurns() {
    GenerationSettings settings =
        model.settings().withMaxNewTokens(40).withSampling(0.7, 0, 0.9, 1);
    ChatRequest request =
        ChatRequest.builder()
            .message(ChatMessage.system("Answer in one sentence."))
            .message(ChatMessage.user(Picture.read(file), "What is this?"))
            .message(ChatMessage.assistant("A grey square."))
            .message(ChatMessage.user("How bright is it?"))
            .settings(settings)
            .stop(List.of("\n"))
            .logprobs(3)
            .build();
    assertThat(model.ask(request).text()).doesNotContain("\n");
  }

  @Test
  void batch() {
    List<ChatRequest> requests =
        Stream.of("What is this?", "What colour is it?")
            .map(question -> ChatRequest.of(Picture.read(file), question))
            .toList();
    List<ChatAnswer> answers = model.askAll(requests);
    assertThat(answers).hasSize(2);
  }

  @Test
  void stream() {
    ChatRequest request = ChatRequest.of(Picture.read(file), "What is this?");
    ChatAnswer answer = model.stream(request, piece -> System.out.print(piece));
    assertThat(answer.text()).isNotBlank();
  }

  @Test
  void cancelAndDeadline() {
    Cancellation cancellation = new Cancellation();
    ChatRequest request =
        ChatRequest.builder()
            .message(ChatMessage.user(Picture.read(file), "What is this?"))
            .cancellation(cancellation)
            .deadline(Duration.ofSeconds(20))
            .build();
    CompletableFuture<ChatAnswer> coming = model.submit(request, ChatListener.NONE);
    cancellation.cancel(); // from any thread
    ChatAnswer answer = coming.join(); // CANCELLED, with the text so far
    assertThat(answer.finishReason()).isEqualTo(FinishReason.CANCELLED);
  }

  @Test
  void errors() {
    assertThatThrownBy(() -> ask("word ".repeat(5000)))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("shorten the prompt");
    assertThat(ask("What is this?")).isNotBlank();
  }

  private static String ask(String question) {
    ChatRequest request = ChatRequest.of(null, question);
    try {
      return model.ask(request).text();
    } catch (InterruptedAnswerException e) {
      return ""; // this thread was interrupted, and still is
    } catch (DsVlmException e) {
      throw new DsVlmException("question 7: " + e.getMessage(), e); // one line that says what to do
    }
  }
}
