/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.chat;

import java.nio.file.Path;
import org.dsvlm.image.Picture;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.models.llava.LlavaChatOptions;
import org.dsvlm.models.llava.TinyLlava;

/**
 * The golden LLaVA as a chat model, and requests about a picture.
 *
 * @param model that is asked
 * @param picture that requests show
 */
record TinyChat(ChatModel model, Picture picture) implements AutoCloseable {
  /** Exports the model to {@code folder} and opens it. */
  TinyChat(Path folder) {
    this(opened(folder), Picture.read(Path.of("src/test/resources/pictures/gray.png")));
  }

  private static ChatModel opened(Path folder) {
    TinyLlava.export(folder, TinyLlava.files());
    return ChatModel.open(folder, LlavaChatOptions.DEFAULTS);
  }

  GenerationSettings tokens(int count) {
    return model.settings().withMaxNewTokens(count);
  }

  ChatRequest.Builder asked(String question, int tokens) {
    return ChatRequest.builder()
        .message(ChatMessage.user(picture, question))
        .settings(tokens(tokens));
  }

  @Override
  public void close() {
    model.close();
  }
}
