/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.testing.Closed;
import org.dsvlm.testing.Closes;
import org.dsvlm.testing.TensorScope;
import org.dsvlm.text.Tokenizer;
import org.dsvlm.text.Turn;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A model that is closed, or whose files change, while it is asked. */
@ExtendWith(TensorScope.class)
class LlavaChatCloseTest {
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

  private static String ask(LlavaChat chat) {
    GenerationSettings settings = chat.settings().withMaxNewTokens(6);
    return chat.answer(
        List.of(Picture.read(PICTURE)),
        List.of(Turn.human("What is this?")),
        settings,
        (record, piece) -> {});
  }

  @Test
  @BadInput(
      number = 83,
      value = "a model that is closed while eight threads ask it, twenty times",
      then = "answers under way are finished; later questions end in an error that says 'closed'")
  void closedWhileEightThreadsAsk() throws Exception {
    String right;
    try (LlavaChat chat = LlavaChat.open(folder, LlavaChatOptions.DEFAULTS)) {
      right = ask(chat);
    }
    int answered = 0;
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      for (int round = 0; round < ROUNDS; round++) {
        LlavaChat chat = LlavaChat.open(folder, LlavaChatOptions.DEFAULTS);
        CountDownLatch someAnswer = new CountDownLatch(1 + round % 3);
        List<Future<Integer>> asking = new ArrayList<>();
        for (int thread = 0; thread < THREADS; thread++) {
          asking.add(
              threads.submit(
                  () -> {
                    for (int answers = 0; ; answers++) {
                      try {
                        assertThat(ask(chat)).isEqualTo(right);
                        someAnswer.countDown();
                      } catch (DsVlmException e) {
                        assertThat(e).hasMessage(folder + ": the model is closed; open it again");
                        return answers;
                      }
                    }
                  }));
        }
        someAnswer.await();
        chat.close();
        for (Future<Integer> one : asking) {
          answered += one.get();
        }
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(answered).isGreaterThanOrEqualTo(ROUNDS);
  }

  @Test
  void closedByItsOwnListener() {
    LlavaChat chat = LlavaChat.open(folder, LlavaChatOptions.DEFAULTS);
    GenerationSettings settings = chat.settings().withMaxNewTokens(6);
    List<Turn> turns = List.of(Turn.human("What is this?"));
    String whole = chat.answer(List.of(), turns, settings, (record, piece) -> {});
    assertThat(chat.answer(List.of(), turns, settings, (record, piece) -> chat.close()))
        .isEqualTo(whole);
    assertThatThrownBy(() -> chat.answer(null, "And now?"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageEndingWith("is closed; open it again");
  }

  @Test
  @Closes({LlavaChat.class, PreparedPrompt.class, LoadedLlava.class, LlavaFolder.class})
  void everythingClosedSaysSo() {
    LlavaChat chat = LlavaChat.open(folder, LlavaChatOptions.DEFAULTS);
    PreparedPrompt prompt =
        chat.prepare(List.of(Picture.read(PICTURE)), List.of(Turn.human("What?")), 0);
    prompt.close();
    assertThatThrownBy(() -> chat.answers(List.of(prompt), chat.settings()))
        .isInstanceOf(DsVlmException.class)
        .hasMessage("the prompt is closed; prepare it again");
    chat.close();
    chat.close();
    assertThatThrownBy(() -> chat.prepare(List.of(), List.of(Turn.human("What?")), 0))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("is closed");
    Tokenizer tokenizer = Tokenizer.open(folder);
    tokenizer.close();
    tokenizer.close();
    assertThatThrownBy(() -> tokenizer.encode("a", false))
        .isInstanceOf(DsVlmException.class)
        .hasMessageEndingWith("the tokenizer is closed; open it again");
    assertThatThrownBy(() -> tokenizer.decode(new long[] {1}, false))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("is closed");
    LlavaFolder files = LlavaFolder.open(folder);
    String first = files.weights().names().iterator().next();
    Closed.saysSo(files, () -> files.weights().read(first));
    LoadedLlava loaded = LoadedLlava.open(folder, ScalarType.Float, "cpu");
    Closed.saysSo(loaded, () -> loaded.parameters().tensors());
    assertThatThrownBy(loaded::model)
        .isInstanceOf(DsVlmException.class)
        .hasMessage("the model is closed; open it again");
  }

  @Test
  @BadInput(
      number = 82,
      value = "a weight file that is cut short or overwritten while its model answers",
      then = "accepted: weights are in memory; answers stay as they were")
  void weightsThatChangeUnderTheModel() throws Exception {
    try (LlavaChat chat = LlavaChat.open(folder, LlavaChatOptions.DEFAULTS)) {
      String before = ask(chat);
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file : files.filter(path -> path.toString().endsWith(".safetensors")).toList()) {
          long size = Files.size(file);
          Files.write(file, new byte[(int) size], StandardOpenOption.WRITE);
          assertThat(ask(chat)).isEqualTo(before);
          Files.write(file, new byte[7], StandardOpenOption.TRUNCATE_EXISTING);
        }
      }
      assertThat(ask(chat)).isEqualTo(before);
    }
  }
}
