/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.dsvlm.BadInput;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.llava.LlavaChatOptions;
import org.dsvlm.models.llava.TinyLlava;
import org.dsvlm.testing.Closes;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model that is closed while it is asked. */
class ChatModelCloseTest {
  private static final Path PICTURE = Path.of("src/test/resources/pictures/gray.png");

  private static final int ROUNDS = 20;
  private static final int THREADS = 8;

  @TempDir Path temporary;

  private Path folder;

  @BeforeEach
  void export() {
    folder = temporary.resolve("model");
    TinyLlava.export(folder, TinyLlava.files());
  }

  @Test
  @Closes(ChatModel.class)
  void aClosedModelSaysSo() {
    ChatModel model = ChatModel.open(folder, LlavaChatOptions.DEFAULTS);
    ChatRequest request = ChatRequest.of(Picture.read(PICTURE), "What is this?");
    assertThat(model.ask(request).text()).isNotBlank();
    model.close();
    model.close();
    assertThatThrownBy(() -> model.ask(request))
        .isInstanceOf(DsVlmException.class)
        .hasMessage(folder + ": the model is closed; open it again");
  }

  @Test
  @BadInput(
      number = 83,
      value = "eight threads that are answered together by a model that is closed, twenty times",
      then = "answers under way are finished; later questions end in an error that says 'closed'")
  void closedWhileEightThreadsAsk() throws Exception {
    ChatRequest request = ChatRequest.of(Picture.read(PICTURE), "What is this?");
    String right;
    ChatRequest shortened;
    try (ChatModel model = ChatModel.open(folder, LlavaChatOptions.DEFAULTS)) {
      shortened =
          ChatRequest.builder()
              .messages(request.messages())
              .settings(model.settings().withMaxNewTokens(6))
              .build();
      right = model.ask(shortened).text();
    }
    int answered = 0;
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      for (int round = 0; round < ROUNDS; round++) {
        ChatModel model = ChatModel.open(folder, LlavaChatOptions.DEFAULTS);
        CountDownLatch someAnswer = new CountDownLatch(1 + round % 3);
        List<Future<Integer>> asking = new ArrayList<>();
        for (int thread = 0; thread < THREADS; thread++) {
          asking.add(threads.submit(() -> ask(model, shortened, right, someAnswer)));
        }
        someAnswer.await();
        model.close();
        for (Future<Integer> one : asking) {
          answered += one.get();
        }
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(answered).isGreaterThanOrEqualTo(ROUNDS);
  }

  private int ask(ChatModel model, ChatRequest request, String right, CountDownLatch someAnswer) {
    for (int answers = 0; ; answers++) {
      try {
        assertThat(model.ask(request).text()).isEqualTo(right);
        someAnswer.countDown();
      } catch (DsVlmException e) {
        assertThat(e).hasMessage(folder + ": the model is closed; open it again");
        return answers;
      }
    }
  }

  @Test
  void closedByItsOwnListener() {
    ChatModel model = ChatModel.open(folder, LlavaChatOptions.DEFAULTS);
    ChatRequest request = ChatRequest.of(null, "What is this?");
    String whole = model.ask(request).text();
    assertThat(model.stream(request, piece -> model.close()).text()).isEqualTo(whole);
    assertThatThrownBy(() -> model.ask(request))
        .isInstanceOf(DsVlmException.class)
        .hasMessageEndingWith("is closed; open it again");
  }
}
