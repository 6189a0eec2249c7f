/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.langchain4j;

import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Keeps what it hears. */
class Heard implements StreamingChatResponseHandler {
  final List<String> pieces = new ArrayList<>();
  final List<Throwable> errors = new ArrayList<>();
  final CompletableFuture<ChatResponse> whole = new CompletableFuture<>();
  final CompletableFuture<Throwable> error = new CompletableFuture<>();

  @Override
  public void onPartialResponse(String piece) {
    pieces.add(piece);
  }

  @Override
  public void onCompleteResponse(ChatResponse response) {
    whole.complete(response);
  }

  @Override
  public void onError(Throwable thrown) {
    errors.add(thrown);
    error.complete(thrown);
  }
}
