/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.image.Image;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.AudioContent;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.listener.ChatModelErrorContext;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.listener.ChatModelResponseContext;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import java.awt.Color;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.dsvlm.chat.ChatAnswer;
import org.dsvlm.chat.ChatModel;
import org.dsvlm.models.llama.GenerationSettings;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class DsVlmChatModelTest {
  private static ChatModel open;
  private static DsVlmChatModel model;

  @BeforeAll
  static void open() {
    open = Nano.open();
    model = DsVlmChatModel.builder().model(open).build();
  }

  @AfterAll
  static void close() {
    open.close();
  }

  @Test
  void theAnswerAboutAPictureIsTheLibrarys() {
    for (String picture : List.of("lossy.webp", "gray.jpg")) {
      ChatAnswer wanted =
          open.ask(org.dsvlm.chat.ChatRequest.of(Nano.picture(picture), Nano.QUESTION));
      ChatResponse response = model.chat(question(picture));
      assertThat(response.aiMessage().text()).isEqualTo(wanted.text()).isNotBlank();
      assertThat(response.tokenUsage().inputTokenCount()).isEqualTo(wanted.promptTokens());
      assertThat(response.tokenUsage().outputTokenCount()).isEqualTo(wanted.answerTokens());
      assertThat(response.finishReason()).isEqualTo(FinishReason.STOP);
      assertThat(response.modelName()).isEqualTo("llava");
    }
  }

  @Test
  void thePictureIsSeen() {
    assertThat(model.chat(question("lossy.webp")).tokenUsage().inputTokenCount())
        .isGreaterThan(model.chat(UserMessage.from(Nano.QUESTION)).tokenUsage().inputTokenCount());
    assertThat(colour(Color.RED))
        .isNotEqualTo(model.chat(question("lossy.webp")).aiMessage().text());
  }

  private static String colour(Color colour) {
    return model
        .chat(
            UserMessage.from(
                ImageContent.from(Nano.plain(colour), "image/png"),
                TextContent.from(Nano.QUESTION)))
        .aiMessage()
        .text();
  }

  @Test
  void aDataUrlIsAPicture() {
    String url = "data:image/webp;base64," + Nano.base64("lossy.webp");
    UserMessage message = UserMessage.from(ImageContent.from(url), TextContent.from(Nano.QUESTION));
    assertThat(model.chat(message).aiMessage())
        .isEqualTo(model.chat(question("lossy.webp")).aiMessage());
  }

  @Test
  void theWholeConversationIsHandedOver() {
    ChatResponse response =
        model.chat(
            SystemMessage.from("Answer in one word."),
            question("lossy.webp"),
            AiMessage.from("It is blue."),
            UserMessage.from("How many shapes are there?"));
    ChatAnswer wanted =
        open.ask(
            org.dsvlm.chat.ChatRequest.builder()
                .message(org.dsvlm.chat.ChatMessage.system("Answer in one word."))
                .message(org.dsvlm.chat.ChatMessage.user(Nano.picture("lossy.webp"), Nano.QUESTION))
                .message(org.dsvlm.chat.ChatMessage.assistant("It is blue."))
                .message(org.dsvlm.chat.ChatMessage.user("How many shapes are there?"))
                .build());
    assertThat(response.aiMessage().text()).isEqualTo(wanted.text());
    assertThat(response.tokenUsage().inputTokenCount()).isEqualTo(wanted.promptTokens());
  }

  @Test
  void parametersAreTheLibrarys() {
    GenerationSettings own = open.settings();
    ChatRequestParameters parameters =
        DsVlmChatRequestParameters.builder()
            .temperature(1.5)
            .topP(0.9)
            .topK(7)
            .maxOutputTokens(5)
            .seed(3L)
            .repetitionPenalty(1.1)
            .modelName("llava")
            .build();
    ChatRequest request =
        ChatRequest.builder().messages(question("lossy.webp")).parameters(parameters).build();
    ChatAnswer wanted =
        open.ask(
            org.dsvlm.chat.ChatRequest.builder()
                .message(org.dsvlm.chat.ChatMessage.user(Nano.picture("lossy.webp"), Nano.QUESTION))
                .settings(new GenerationSettings(5, 1.5, 7, 0.9, 1.1, own.stopTokens(), 3))
                .build());
    ChatResponse response = model.chat(request);
    assertThat(response.aiMessage().text()).isEqualTo(wanted.text());
    assertThat(response.tokenUsage().outputTokenCount()).isEqualTo(wanted.answerTokens());
    DsVlmChatModel byDefault =
        DsVlmChatModel.builder().model(open).defaultRequestParameters(parameters).build();
    assertThat(byDefault.chat(question("lossy.webp")).aiMessage()).isEqualTo(response.aiMessage());
  }

  @Test
  void refusesToolsByName() {
    ToolSpecification tool = ToolSpecification.builder().name("weather").build();
    refused(with(builder -> builder.toolSpecifications(tool)), "tools", "weather");
    refused(with(builder -> builder.toolChoice(ToolChoice.AUTO)), "toolChoice");
    ToolExecutionRequest call = ToolExecutionRequest.builder().id("1").name("weather").build();
    refused(of(UserMessage.from("?"), AiMessage.from(call)), "message 1", "tools");
    refused(
        of(UserMessage.from("?"), ToolExecutionResultMessage.from(call, "rain")),
        "message 1",
        "TOOL_EXECUTION_RESULT");
  }

  @Test
  void refusesWhatItHasNot() {
    refused(with(builder -> builder.responseFormat(ResponseFormat.JSON)), "responseFormat JSON");
    refused(with(builder -> builder.frequencyPenalty(0.5)), "frequencyPenalty");
    refused(with(builder -> builder.presencePenalty(-0.5)), "presencePenalty");
    refused(
        of(UserMessage.from(ImageContent.from("https://example.org/a.png"))),
        "message 0, content 0",
        "https://example.org/a.png",
        "base64");
    refused(of(UserMessage.from(AudioContent.from("https://example.org/a.mp3"))), "AUDIO");
    refused(of(UserMessage.from("Ann", "Who am I?")), "the user's name");
    refused(
        of(UserMessage.from("?"), AiMessage.builder().text("a").thinking("b").build()), "thinking");
    assertThatThrownBy(
            () ->
                model.chat(
                    ChatRequest.builder()
                        .messages(UserMessage.from("?"))
                        .parameters(new OtherProviders())
                        .build()))
        .isInstanceOf(UnsupportedFeatureException.class)
        .hasMessageContaining("OtherProviders")
        .hasMessageContaining("DsVlmChatRequestParameters");
  }

  /** As another provider's module has. */
  private static final class OtherProviders extends DefaultChatRequestParameters {
    OtherProviders() {
      super(new Builder<>());
    }
  }

  @Test
  void namesWhatMakesNoSense() {
    invalid(with(builder -> builder.modelName("gpt-4o")), "modelName is 'gpt-4o'", "'llava'");
    invalid(with(builder -> builder.topP(0.5)), "topP is given without a temperature");
    invalid(with(builder -> builder.temperature(-1.0)), "temperature is -1.0");
    invalid(
        of(UserMessage.from(ImageContent.from("no base64!", "image/png"))),
        "message 0, content 0",
        "base64 is unsound");
    invalid(of(UserMessage.from(ImageContent.from("AAAA", "image/png"))), "message 0, content 0");
    invalid(
        of(UserMessage.from(ImageContent.from(Image.builder().build()))),
        "message 0, content 0",
        "without base64");
    invalid(of(UserMessage.from("a ".repeat(100_000))), "tokens");
    assertThatThrownBy(() -> DsVlmChatModel.builder().build())
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("no model is given");
  }

  @Test
  void anInterruptStopsTheAnswer() {
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> model.chat(question("lossy.webp")))
        .isExactlyInstanceOf(LangChain4jException.class)
        .hasMessageContaining("interrupted");
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void listenersHearOfAnswersAndErrors() {
    List<String> heard = new ArrayList<>();
    ChatModelListener listener =
        new ChatModelListener() {
          @Override
          public void onResponse(ChatModelResponseContext context) {
            heard.add(context.chatResponse().aiMessage().text());
          }

          @Override
          public void onError(ChatModelErrorContext context) {
            heard.add(context.error().getClass().getSimpleName());
          }
        };
    DsVlmChatModel told = DsVlmChatModel.builder().model(open).listeners(List.of(listener)).build();
    String answer = told.chat(Nano.QUESTION);
    assertThatThrownBy(() -> told.chat(with(builder -> builder.modelName("other"))))
        .isInstanceOf(InvalidRequestException.class);
    assertThat(heard).containsExactly(answer, "InvalidRequestException");
  }

  private static void refused(ChatRequest request, String... named) {
    assertThatThrownBy(() -> model.chat(request))
        .isInstanceOf(UnsupportedFeatureException.class)
        .message()
        .contains(named);
  }

  private static void invalid(ChatRequest request, String... named) {
    assertThatThrownBy(() -> model.chat(request))
        .isInstanceOf(InvalidRequestException.class)
        .message()
        .contains(named);
  }

  private static ChatRequest with(UnaryOperator<ChatRequest.Builder> change) {
    return change.apply(ChatRequest.builder().messages(question("lossy.webp"))).build();
  }

  private static ChatRequest of(ChatMessage... messages) {
    return ChatRequest.builder().messages(messages).build();
  }

  private static UserMessage question(String picture) {
    return UserMessage.from(
        ImageContent.from(Nano.base64(picture), "image/*"), TextContent.from(Nano.QUESTION));
  }
}
