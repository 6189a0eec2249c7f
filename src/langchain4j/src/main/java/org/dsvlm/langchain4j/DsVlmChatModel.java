/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import java.util.List;

/**
 * A model of this library as LangChain4j's {@link ChatModel}. The whole conversation is handed
 * over: a system message at its beginning, and texts and pictures in their order. A picture comes
 * as base64 or in a data URL; one that would have to be fetched is refused. An {@code
 * ImageContent}'s level of detail has no effect, as a model reads all pictures in one size.
 *
 * <p>Of the parameters {@code temperature}, {@code topP}, {@code topK}, {@code maxOutputTokens} and
 * {@code stopSequences} are the library's, and those of {@link DsVlmChatRequestParameters}; what is
 * not set is as the model's folder says. {@code modelName} can only be the open model's. Tools,
 * other contents, answers in JSON, frequency and presence penalties are refused by an exception
 * that names them.
 *
 * <p>Any number of threads may use it. The model that it is given stays its owner's to close.
 *
 * <pre>{@code
 * try (org.dsvlm.chat.ChatModel open = org.dsvlm.chat.ChatModel.open(folder, options)) {
 *   ChatModel model = DsVlmChatModel.builder().model(open).build();
 *   String answer = model.chat("What is a picture?");
 * }
 * }</pre>
 */
public final class DsVlmChatModel implements ChatModel {
  private final Conversation conversation;

  private DsVlmChatModel(Builder builder) {
    conversation = new Conversation(builder);
  }

  /** A model to be filled in. */
  public static Builder builder() {
    return new Builder();
  }

  /** Fills in a model. For one thread. */
  public static final class Builder extends ModelBuilder<Builder> {
    private Builder() {}

    /**
     * The model.
     *
     * @throws dev.langchain4j.exception.InvalidRequestException without an open model
     */
    public DsVlmChatModel build() {
      return new DsVlmChatModel(this);
    }
  }

  /**
   * Sends a request and waits for its answer. An interrupt of the calling thread stops the answer.
   *
   * @throws dev.langchain4j.exception.UnsupportedFeatureException for what these models cannot do
   * @throws dev.langchain4j.exception.InvalidRequestException for what makes no sense, or does not
   *     fit into the model's context
   * @throws dev.langchain4j.exception.TimeoutException if the answer takes longer than allowed
   */
  @Override
  public ChatResponse doChat(ChatRequest request) {
    return Errors.translated(
        () -> conversation.response(conversation.model().ask(conversation.request(request))));
  }

  @Override
  public ChatRequestParameters defaultRequestParameters() {
    return conversation.defaults();
  }

  @Override
  public List<ChatModelListener> listeners() {
    return conversation.listeners();
  }
}
