/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.langchain4j;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.TimeoutException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import java.time.Duration;
import java.util.List;
import org.dsvlm.chat.Cancellation;
import org.dsvlm.chat.ChatAnswer;
import org.dsvlm.chat.ChatModel;
import org.dsvlm.chat.ChatRequest;
import org.dsvlm.models.llama.GenerationSettings;

/** Takes LangChain4j's requests to an open model, and its answers back. */
final class Conversation {
  private final ChatModel model;
  private final DsVlmChatRequestParameters defaults;
  private final Duration timeout;
  private final List<ChatModelListener> listeners;

  Conversation(ModelBuilder<?> builder) {
    if (builder.model == null) {
      throw new InvalidRequestException(
          "no model is given; open one by org.dsvlm.chat.ChatModel.open and hand it to model(…)");
    }
    model = builder.model;
    defaults = builder.defaults;
    timeout = builder.timeout;
    listeners = builder.listeners;
  }

  ChatModel model() {
    return model;
  }

  DsVlmChatRequestParameters defaults() {
    return defaults;
  }

  List<ChatModelListener> listeners() {
    return listeners;
  }

  ChatRequest request(dev.langchain4j.model.chat.request.ChatRequest request) {
    return request(request, new Cancellation());
  }

  /** The request as the library takes it. */
  ChatRequest request(
      dev.langchain4j.model.chat.request.ChatRequest request, Cancellation cancellation) {
    // Merged by LangChain4j already where its own chat method is used; doChat may be called alone.
    DsVlmChatRequestParameters parameters =
        DsVlmChatRequestParameters.EMPTY.overrideWith(request.parameters());
    refuseUnsupported(parameters);
    ChatRequest.Builder built =
        ChatRequest.builder()
            .messages(Messages.of(request.messages()))
            .settings(settings(parameters))
            .cancellation(cancellation);
    if (!parameters.stopSequences().isEmpty()) {
      built.stop(parameters.stopSequences());
    }
    if (timeout != null) {
      built.deadline(timeout);
    }
    return built.build();
  }

  private void refuseUnsupported(ChatRequestParameters parameters) {
    if (!parameters.toolSpecifications().isEmpty()) {
      throw new UnsupportedFeatureException(
          "tools are not supported by this model, but the request has "
              + parameters.toolSpecifications().stream().map(tool -> tool.name()).toList());
    }
    if (parameters.toolChoice() != null) {
      throw new UnsupportedFeatureException("toolChoice is not supported by this model");
    }
    if (parameters.responseFormat() != null
        && parameters.responseFormat().type() != ResponseFormatType.TEXT) {
      throw new UnsupportedFeatureException(
          "responseFormat "
              + parameters.responseFormat().type()
              + " is not supported by this model; it answers in text");
    }
    refuseAboveZero("frequencyPenalty", parameters.frequencyPenalty());
    refuseAboveZero("presencePenalty", parameters.presencePenalty());
    String name = parameters.modelName();
    if (name != null && !name.equals(model.name())) {
      throw new InvalidRequestException(
          "modelName is '" + name + "', but the model that is open is '" + model.name() + "'");
    }
  }

  private static void refuseAboveZero(String name, Double penalty) {
    if (penalty != null && penalty != 0) {
      throw new UnsupportedFeatureException(
          name
              + " is not supported by this model; use"
              + " DsVlmChatRequestParameters.repetitionPenalty");
    }
  }

  private GenerationSettings settings(DsVlmChatRequestParameters parameters) {
    GenerationSettings own = model.settings();
    double temperature = orElse(parameters.temperature(), own.temperature());
    if (temperature == 0 && parameters.temperature() == null) {
      refuseDraw("topP", parameters.topP());
      refuseDraw("topK", parameters.topK());
      refuseDraw("seed", parameters.seed());
    }
    return new GenerationSettings(
        orElse(parameters.maxOutputTokens(), own.maxNewTokens()),
        temperature,
        orElse(parameters.topK(), own.topK()),
        orElse(parameters.topP(), own.topP()),
        orElse(parameters.repetitionPenalty(), own.repetitionPenalty()),
        own.stopTokens(),
        orElse(parameters.seed(), own.seed()));
  }

  private static void refuseDraw(String name, Number value) {
    if (value != null) {
      throw new InvalidRequestException(
          name
              + " is given without a temperature, and the model's own is 0, which takes the"
              + " likeliest token each time; give a temperature");
    }
  }

  private static <T> T orElse(T given, T otherwise) {
    return given == null ? otherwise : given;
  }

  /** The answer as LangChain4j has it. */
  ChatResponse response(ChatAnswer answer) {
    return ChatResponse.builder()
        .aiMessage(AiMessage.from(answer.text()))
        .modelName(model.name())
        .tokenUsage(new TokenUsage(answer.promptTokens(), answer.answerTokens()))
        .finishReason(reason(answer))
        .build();
  }

  private FinishReason reason(ChatAnswer answer) {
    return switch (answer.finishReason()) {
      case STOP -> FinishReason.STOP;
      case LENGTH -> FinishReason.LENGTH;
      case CANCELLED -> FinishReason.OTHER;
      case DEADLINE ->
          throw new TimeoutException(
              "the answer took longer than "
                  + timeout
                  + "; so far it has "
                  + answer.answerTokens()
                  + " tokens: '"
                  + answer.text()
                  + "'");
    };
  }
}
