/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.langchain4j;

import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.dsvlm.chat.Cancellation;
import org.dsvlm.io.DsVlmException;

/**
 * A model of this library as LangChain4j's {@link StreamingChatModel}; what it takes and refuses is
 * as {@link DsVlmChatModel} says.
 *
 * <p>The call returns as soon as the request is made ready. The handler is called on threads of
 * this object's own, for one answer never by two at once, and may take its time: other answers do
 * not wait for it. All errors reach {@code onError}, those of the request and those that the
 * handler throws; after the latter the answer goes on. Whoever cancels by the {@code
 * StreamingHandle} hears nothing further.
 */
public final class DsVlmStreamingChatModel implements StreamingChatModel {
  /** Idle threads end by themselves, so that nothing has to be closed. */
  private static final ExecutorService THREADS =
      Executors.newCachedThreadPool(
          work -> {
            Thread thread = new Thread(work, "dsvlm-langchain4j");
            thread.setDaemon(true);
            return thread;
          });

  private final Conversation conversation;
  private final Executor executor;

  private DsVlmStreamingChatModel(Builder builder) {
    conversation = new Conversation(builder);
    executor = builder.executor;
  }

  /** A model to be filled in. */
  public static Builder builder() {
    return new Builder();
  }

  /** Fills in a model. For one thread. */
  public static final class Builder extends ModelBuilder<Builder> {
    private Executor executor = THREADS;

    private Builder() {}

    /** Runs the handlers in place of this class's own threads. */
    public Builder executor(Executor executor) {
      this.executor = executor;
      return this;
    }

    /**
     * The model.
     *
     * @throws dev.langchain4j.exception.InvalidRequestException without an open model
     */
    public DsVlmStreamingChatModel build() {
      return new DsVlmStreamingChatModel(this);
    }
  }

  @Override
  public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
    Cancellation cancellation = new Cancellation();
    HandlerCalls calls = new HandlerCalls(handler, cancellation, executor);
    try {
      conversation
          .model()
          .submit(conversation.request(request, cancellation), calls::piece)
          .whenComplete(
              (answer, error) -> {
                if (error == null) {
                  calls.end(() -> conversation.response(answer));
                } else {
                  calls.fail(error);
                }
              });
    } catch (LangChain4jException | DsVlmException e) {
      calls.fail(e);
    }
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
