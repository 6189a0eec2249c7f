/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.llama.GenerationSettings;
import org.junit.jupiter.api.Test;

class ChatModelTest extends OfTinyChat {
  private static final int REQUESTS = 24;

  private static ChatRequest drawn(Random random) {
    List<ChatMessage.Content> contents = new ArrayList<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      contents.add(new ChatMessage.Image(chat.picture()));
    }
    contents.add(new ChatMessage.Text("word ".repeat(1 + random.nextInt(12)) + random.nextInt(9)));
    GenerationSettings settings = chat.tokens(1 + random.nextInt(40));
    if (random.nextBoolean()) {
      settings = settings.withSampling(random.nextDouble(), 0, 0.9, random.nextInt(100));
    }
    if (random.nextBoolean()) {
      settings = settings.withRepetitionPenalty(1.3);
    }
    return ChatRequest.builder()
        .message(ChatMessage.user(contents))
        .settings(settings)
        .stop(random.nextBoolean() ? List.of("e", "st") : List.of())
        .logprobs(random.nextInt(4) - 1)
        .build();
  }

  private static String told(ChatAnswer answer) {
    StringBuilder told = new StringBuilder(answer.text());
    told.append(answer.promptTokens()).append(' ').append(answer.answerTokens());
    told.append(answer.finishReason());
    answer.logprobs().forEach(token -> told.append(' ').append(token.logprob()));
    return told.toString();
  }

  @Test
  void anAnswerIsTheSameWheneverItIsAskedAndBesideWhichever() throws Exception {
    Random random = new Random(1);
    List<ChatRequest> requests = new ArrayList<>();
    List<String> alone = new ArrayList<>();
    for (int i = 0; i < REQUESTS; i++) {
      requests.add(drawn(random));
      alone.add(told(model.ask(requests.get(i))));
    }
    assertThat(alone.stream().distinct()).hasSizeGreaterThan(REQUESTS / 2);
    assertThat(model.askAll(requests).stream().map(ChatModelTest::told)).isEqualTo(alone);
    for (int order = 0; order < 4; order++) {
      List<Integer> shuffled = new ArrayList<>();
      for (int i = 0; i < REQUESTS; i++) {
        shuffled.add(i);
      }
      Collections.shuffle(shuffled, random);
      List<CompletableFuture<ChatAnswer>> answers =
          new ArrayList<>(Collections.nCopies(REQUESTS, null));
      for (int i : shuffled) {
        answers.set(i, model.submit(requests.get(i), ChatListener.NONE));
        Thread.sleep(random.nextInt(4));
      }
      for (int i = 0; i < REQUESTS; i++) {
        assertThat(told(answers.get(i).get())).isEqualTo(alone.get(i));
      }
    }
  }

  @Test
  void theListenerHearsTheAnswerAndItsFiguresAreRight() {
    List<String> pieces = new ArrayList<>();
    ChatRequest request = chat.asked("What is this?", 20).build();
    ChatAnswer answer = model.stream(request, pieces::add);
    assertThat(pieces).hasSizeGreaterThan(1);
    assertThat(String.join("", pieces)).isEqualTo(answer.text()).isEqualTo(answer.text().strip());
    assertThat(answer.promptTokens()).isEqualTo(model.tokens(request)).isGreaterThan(16);
    assertThat(answer.answerTokens()).isEqualTo(20);
    assertThat(answer.finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(answer.queued()).isLessThanOrEqualTo(answer.firstToken());
    assertThat(answer.firstToken()).isLessThanOrEqualTo(answer.total());
    assertThat(answer.logprobs()).isEmpty();
    assertThat(model.name()).isEqualTo("model");
    assertThat(model.waiting()).isZero();
    assertThat(model.running()).isZero();
  }

  @Test
  void probabilitiesAreThoseOfTheModel() {
    ChatAnswer answer = model.ask(chat.asked("What is this?", 12).logprobs(20).build());
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (TokenLogprob token : answer.logprobs()) {
      bytes.writeBytes(token.bytes());
      assertThat(token.top()).hasSize(20);
      // The likeliest was taken.
      assertThat(token.logprob()).isEqualTo(token.top().get(0).logprob()).isNegative();
      double before = 0;
      double sum = 0;
      for (TokenLogprob other : token.top()) {
        assertThat(other.logprob()).isLessThanOrEqualTo(before);
        assertThat(other.top()).isEmpty();
        before = other.logprob();
        sum += Math.exp(other.logprob());
      }
      assertThat(sum).isBetween(0.05, 1 + 1e-9);
    }
    // From bytes on that are no character the text does not say which they were.
    String readable = answer.text().substring(0, (answer.text() + "\uFFFD").indexOf('\uFFFD'));
    assertThat(readable).hasSizeGreaterThan(5);
    assertThat(bytes.toString(StandardCharsets.UTF_8).strip()).startsWith(readable);
    // Settings act on what is drawn, not on the probabilities that are told.
    ChatAnswer other =
        model.ask(
            chat.asked("What is this?", 1)
                .settings(chat.tokens(1).withSampling(5, 0, 1, 3).withRepetitionPenalty(1.5))
                .logprobs(20)
                .build());
    for (int i = 0; i < 20; i++) {
      assertThat(other.logprobs().get(0).top().get(i).logprob())
          .isCloseTo(answer.logprobs().get(0).top().get(i).logprob(), within(0.0));
    }
  }

  @Test
  void aRequestThatDoesNotSuitTheModelSaysWhy() {
    int context = model.contextLength();
    assertThatThrownBy(() -> model.ask(chat.asked("What is this?", context).build()))
        .isInstanceOf(DsVlmException.class)
        .hasMessageMatching(
            "a prompt of \\d+ tokens and \\d+ new ones exceed the model's context of \\d+ tokens;"
                + " shorten the prompt or ask for at most \\d+ new tokens");
    assertThatThrownBy(() -> model.ask(chat.asked("word ".repeat(3000), 5).build()))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("leaves no room for an answer");
    assertThatThrownBy(
            () ->
                model.ask(
                    ChatRequest.builder()
                        .message(ChatMessage.user("a"))
                        .message(ChatMessage.user("b"))
                        .build()))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("take turns");
    assertThatThrownBy(
            () ->
                model.ask(
                    ChatRequest.builder()
                        .message(ChatMessage.user("a"))
                        .message(ChatMessage.system("b"))
                        .build()))
        .isInstanceOf(DsVlmException.class)
        .hasMessage("message 1 is the system's; only the first one, message 0, may be");
    assertThatThrownBy(() -> ChatMessage.user("an <image> here"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("give the picture as a content of its own");
    assertThatThrownBy(() -> ChatRequest.builder().build())
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("no messages");
  }

  /** Clients of chat completions write the question first; in training the picture comes first. */
  private static ChatRequest of(ChatMessage.Content... contents) {
    return ChatRequest.builder()
        .message(ChatMessage.user(List.of(contents)))
        .settings(chat.tokens(12))
        .logprobs(0)
        .build();
  }

  @Test
  void theOnlyPictureComesFirstWhereverItStands() {
    ChatMessage.Content picture = new ChatMessage.Image(chat.picture());
    ChatMessage.Content words = new ChatMessage.Text("What is this?");
    ChatRequest before = chat.asked("What is this?", 12).logprobs(0).build();
    assertThat(told(model.ask(of(words, picture)))).isEqualTo(told(model.ask(before)));
    String between = told(model.ask(of(picture, words, picture)));
    assertThat(between).isNotEqualTo(told(model.ask(of(picture, picture, words))));
  }

  @Test
  void aSystemMessageAndEarlierTurnsCount() {
    ChatRequest plain = chat.asked("What is this?", 8).build();
    ChatRequest told =
        ChatRequest.builder()
            .message(ChatMessage.system("Answer in one word."))
            .messages(plain.messages())
            .settings(chat.tokens(8))
            .build();
    assertThat(model.tokens(told)).isNotEqualTo(model.tokens(plain));
    ChatRequest turns =
        ChatRequest.builder()
            .messages(plain.messages())
            .message(ChatMessage.assistant("A ball."))
            .message(ChatMessage.user("And now?"))
            .settings(chat.tokens(8))
            .build();
    assertThat(model.tokens(turns)).isGreaterThan(model.tokens(plain));
    assertThat(model.ask(turns).text()).isNotEqualTo(model.ask(plain).text());
  }
}
