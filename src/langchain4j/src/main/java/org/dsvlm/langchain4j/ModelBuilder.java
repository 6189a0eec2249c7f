/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.langchain4j;

import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import java.time.Duration;
import java.util.List;
import org.dsvlm.chat.ChatModel;

/**
 * What both kinds of models are made of. For one thread.
 *
 * @param <B> the builder itself
 */
abstract sealed class ModelBuilder<B extends ModelBuilder<B>>
    permits DsVlmChatModel.Builder, DsVlmStreamingChatModel.Builder {
  ChatModel model;
  DsVlmChatRequestParameters defaults = DsVlmChatRequestParameters.EMPTY;
  Duration timeout;
  List<ChatModelListener> listeners = List.of();

  ModelBuilder() {}

  @SuppressWarnings("unchecked")
  private B self() {
    return (B) this;
  }

  /** The open model, which several may share and its owner closes. */
  public B model(ChatModel model) {
    this.model = model;
    return self();
  }

  /** What a request that says nothing else has. */
  public B defaultRequestParameters(ChatRequestParameters parameters) {
    defaults = DsVlmChatRequestParameters.EMPTY.overrideWith(parameters);
    return self();
  }

  /**
   * How long an answer may take, waiting for other answers included; as long as it likes if null.
   */
  public B timeout(Duration timeout) {
    this.timeout = timeout;
    return self();
  }

  /** Who hears of requests, answers and errors. */
  public B listeners(List<ChatModelListener> listeners) {
    this.listeners = List.copyOf(listeners);
    return self();
  }
}
