/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.AuthenticationException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.FinishReason;
import java.awt.Color;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * LangChain4j's client for OpenAI against a server of the nano model: {@code DSVLM_SERVER} says
 * where it answers, {@code DSVLM_API_KEY} which key it wants.
 */
class OpenAiServerTest {
  private static final String SERVER = System.getenv("DSVLM_SERVER");
  private static final String KEY = System.getenv("DSVLM_API_KEY");

  @BeforeEach
  void needServer() {
    assumeTrue(SERVER != null, "DSVLM_SERVER names no server");
  }

  @Test
  void answersATextAndAPicture() {
    assertThat(model(KEY).build().chat("What is blue?")).isNotNull();
    for (Color colour : List.of(Color.RED, Color.BLUE)) {
      ChatResponse response = model(KEY).build().chat(question(colour));
      assertThat(response.aiMessage().text()).isNotBlank();
      assertThat(response.finishReason()).isEqualTo(FinishReason.STOP);
      assertThat(response.tokenUsage().inputTokenCount()).isPositive();
    }
    ChatResponse cut = model(KEY).maxTokens(1).build().chat(question(Color.RED));
    assertThat(cut.tokenUsage().outputTokenCount()).isOne();
  }

  @Test
  void streams() throws Exception {
    StringBuffer pieces = new StringBuffer();
    CompletableFuture<ChatResponse> whole = new CompletableFuture<>();
    OpenAiStreamingChatModel.builder()
        .baseUrl(SERVER)
        .apiKey(KEY)
        .modelName("nano")
        .build()
        .chat(
            List.of(question(Color.RED)),
            new StreamingChatResponseHandler() {
              @Override
              public void onPartialResponse(String piece) {
                pieces.append(piece);
              }

              @Override
              public void onCompleteResponse(ChatResponse response) {
                whole.complete(response);
              }

              @Override
              public void onError(Throwable error) {
                whole.completeExceptionally(error);
              }
            });
    ChatResponse response = whole.get(60, TimeUnit.SECONDS);
    assertThat(pieces.toString())
        .isEqualTo(response.aiMessage().text())
        .isEqualTo(model(KEY).build().chat(question(Color.RED)).aiMessage().text());
  }

  @Test
  void tellsErrorsByTheirType() {
    assertThatThrownBy(() -> model(KEY).temperature(-1.0).build().chat("?"))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("temperature");
    assertThatThrownBy(() -> model("wrong").build().chat("?"))
        .isInstanceOf(AuthenticationException.class);
    UserMessage fetched =
        UserMessage.from(
            ImageContent.from("https://example.org/a.png"), TextContent.from(Nano.QUESTION));
    assertThatThrownBy(() -> model(KEY).build().chat(fetched))
        .isInstanceOf(InvalidRequestException.class);
  }

  private static OpenAiChatModel.OpenAiChatModelBuilder model(String key) {
    return OpenAiChatModel.builder().baseUrl(SERVER).apiKey(key).modelName("nano").maxRetries(0);
  }

  private static UserMessage question(Color colour) {
    return UserMessage.from(
        ImageContent.from(Nano.plain(colour), "image/png"), TextContent.from(Nano.QUESTION));
  }
}
