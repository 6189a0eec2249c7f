/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.output.FinishReason;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.dsvlm.chat.ChatAnswer;
import org.dsvlm.chat.ChatModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class DsVlmStreamingChatModelTest {
  private static ChatModel open;
  private static DsVlmStreamingChatModel model;

  @BeforeAll
  static void open() {
    open = Nano.open();
    model = DsVlmStreamingChatModel.builder().model(open).build();
  }

  @AfterAll
  static void close() {
    open.close();
  }

  @Test
  void thePiecesAreTheAnswer() throws Exception {
    Heard heard = new Heard();
    model.chat(question(), heard);
    ChatResponse whole = heard.whole.get(60, TimeUnit.SECONDS);
    ChatAnswer wanted =
        open.ask(org.dsvlm.chat.ChatRequest.of(Nano.picture("lossy.webp"), Nano.QUESTION));
    assertThat(String.join("", heard.pieces)).isEqualTo(wanted.text());
    assertThat(heard.pieces).isNotEmpty();
    assertThat(whole.aiMessage().text()).isEqualTo(wanted.text());
    assertThat(whole.tokenUsage().outputTokenCount()).isEqualTo(wanted.answerTokens());
    assertThat(whole.finishReason()).isEqualTo(FinishReason.STOP);
    assertThat(heard.errors).isEmpty();
  }

  @Test
  void errorsReachTheHandler() throws Exception {
    assertThat(error(ChatRequest.builder().responseFormat(ResponseFormat.JSON)))
        .isInstanceOf(UnsupportedFeatureException.class)
        .hasMessageContaining("responseFormat JSON");
    assertThat(error(ChatRequest.builder().modelName("other")))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("modelName is 'other'");
  }

  private static Throwable error(ChatRequest.Builder request) throws Exception {
    Heard heard = new Heard();
    model.chat(request.messages(message()).build(), heard);
    Throwable error = heard.error.get(60, TimeUnit.SECONDS);
    assertThat(heard.whole).isNotDone();
    return error;
  }

  @Test
  void whatTheHandlerThrowsIsToldAndTheAnswerGoesOn() throws Exception {
    goesOnAfter(
        piece -> {
          throw new IllegalStateException(piece);
        });
    goesOnAfter(
        piece -> {
          throw new AssertionError(piece);
        });
  }

  private static void goesOnAfter(Consumer<String> thrower) throws Exception {
    Heard heard =
        new Heard() {
          @Override
          public void onPartialResponse(String piece) {
            super.onPartialResponse(piece);
            thrower.accept(piece);
          }
        };
    model.chat(question(), heard);
    ChatResponse whole = heard.whole.get(60, TimeUnit.SECONDS);
    assertThat(String.join("", heard.pieces)).isEqualTo(whole.aiMessage().text());
    assertThat(heard.errors).hasSameSizeAs(heard.pieces);
  }

  @Test
  void whoCancelsHearsNothingFurther() throws Exception {
    CompletableFuture<Void> cancelled = new CompletableFuture<>();
    Heard heard =
        new Heard() {
          @Override
          public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
            super.onPartialResponse(piece.text());
            context.streamingHandle().cancel();
            cancelled.complete(null);
          }
        };
    model.chat(question(), heard);
    cancelled.get(60, TimeUnit.SECONDS);
    Heard next = new Heard();
    model.chat(question(), next);
    next.whole.get(60, TimeUnit.SECONDS);
    assertThat(heard.pieces).hasSize(1);
    assertThat(heard.whole).isNotDone();
    assertThat(heard.errors).isEmpty();
  }

  @Test
  void aSlowHandlerKeepsNoOtherAnswerWaiting() throws Exception {
    CompletableFuture<Void> go = new CompletableFuture<>();
    Heard slow =
        new Heard() {
          @Override
          public void onPartialResponse(String piece) {
            go.join();
            super.onPartialResponse(piece);
          }
        };
    model.chat(question(), slow);
    Heard quick = new Heard();
    model.chat(question(), quick);
    String answer = quick.whole.get(60, TimeUnit.SECONDS).aiMessage().text();
    assertThat(slow.pieces).isEmpty();
    go.complete(null);
    assertThat(slow.whole.get(60, TimeUnit.SECONDS).aiMessage().text()).isEqualTo(answer);
  }

  private static ChatRequest question() {
    return ChatRequest.builder().messages(message()).build();
  }

  private static UserMessage message() {
    return UserMessage.from(
        ImageContent.from(Nano.base64("lossy.webp"), "image/webp"),
        TextContent.from(Nano.QUESTION));
  }
}
