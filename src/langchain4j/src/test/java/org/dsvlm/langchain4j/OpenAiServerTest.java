/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.AuthenticationException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.FinishReason;
import java.awt.Color;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.dsvlm.chat.ChatMessage;
import org.dsvlm.chat.ChatModel;
import org.dsvlm.chat.ChatRequest;
import org.dsvlm.image.Picture;
import org.dsvlm.serve.ModelServer;
import org.dsvlm.serve.ServeLimits;
import org.dsvlm.serve.ServeSettings;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** LangChain4j's client for OpenAI against a server of the nano model. */
class OpenAiServerTest {
  private static final String KEY = "a-key-for-this-test";
  private static final ServeLimits LIMITS =
      new ServeLimits(
          1 << 20,
          1_000_000,
          3,
          200,
          8,
          10,
          4096,
          Duration.ofSeconds(60),
          Duration.ofSeconds(20),
          Duration.ofSeconds(20),
          Duration.ofSeconds(20),
          Duration.ofSeconds(20));

  private static ChatModel open;
  private static ModelServer server;

  @BeforeAll
  static void serve() {
    open = Nano.open();
    server =
        ModelServer.start(
            open, new ServeSettings("nano", "127.0.0.1", 0, KEY, Set.of(), Set.of(), LIMITS));
  }

  @AfterAll
  static void close() {
    server.close();
    open.close();
  }

  @Test
  void answersATextAndAPicture() {
    assertThat(model(KEY).build().chat(Nano.QUESTION))
        .isEqualTo(own(ChatMessage.user(Nano.QUESTION)));
    for (Color colour : List.of(Color.RED, Color.BLUE)) {
      ChatResponse response = model(KEY).build().chat(question(colour));
      Picture picture = Picture.read(Base64.getDecoder().decode(Nano.plain(colour)), "plain");
      assertThat(response.aiMessage().text())
          .isEqualTo(own(ChatMessage.user(picture, Nano.QUESTION)))
          .isNotBlank();
      assertThat(response.finishReason()).isEqualTo(FinishReason.STOP);
      assertThat(response.tokenUsage().inputTokenCount()).isPositive();
    }
    ChatResponse cut = model(KEY).maxTokens(1).build().chat(question(Color.RED));
    assertThat(cut.tokenUsage().outputTokenCount()).isOne();
  }

  @Test
  void streams() throws Exception {
    Heard heard = new Heard();
    OpenAiStreamingChatModel.builder()
        .baseUrl(url())
        .apiKey(KEY)
        .modelName("nano")
        .build()
        .chat(List.of(question(Color.RED)), heard);
    ChatResponse response = heard.whole.get(60, TimeUnit.SECONDS);
    assertThat(String.join("", heard.pieces))
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

  private static String url() {
    return server.address().resolve("v1").toString();
  }

  private static OpenAiChatModel.OpenAiChatModelBuilder model(String key) {
    return OpenAiChatModel.builder().baseUrl(url()).apiKey(key).modelName("nano").maxRetries(0);
  }

  /** What the model says without a server. */
  private static String own(ChatMessage message) {
    return open.ask(ChatRequest.builder().message(message).build()).text();
  }

  private static UserMessage question(Color colour) {
    return UserMessage.from(
        ImageContent.from(Nano.plain(colour), "image/png"), TextContent.from(Nano.QUESTION));
  }
}
