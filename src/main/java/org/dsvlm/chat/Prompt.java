/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.chat;

import java.util.ArrayList;
import java.util.List;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.text.Turn;
import org.jspecify.annotations.Nullable;

/**
 * The messages of a request as templates take them: a message's only picture comes first, wherever
 * it stands, as it does in training.
 *
 * @param system what the model is told first; null for the template's own words
 * @param pictures of all messages in order
 * @param turns each picture as its mark
 */
record Prompt(@Nullable String system, List<Picture> pictures, List<Turn> turns) {
  static Prompt of(ChatRequest request) {
    String system = null;
    List<Picture> pictures = new ArrayList<>();
    List<Turn> turns = new ArrayList<>();
    List<ChatMessage> messages = request.messages();
    for (int i = 0; i < messages.size(); i++) {
      ChatMessage message = messages.get(i);
      pictures.addAll(message.pictures());
      switch (message.role()) {
        case SYSTEM -> {
          if (i > 0) {
            throw new DsVlmException(
                "message " + i + " is the system's; only the first one, message 0, may be");
          }
          system = message.marked();
        }
        case USER -> turns.add(Turn.human(ConversationTemplate.imageFirst(message.marked())));
        case ASSISTANT -> turns.add(Turn.assistant(message.marked()));
        default -> throw new IllegalStateException("no such role: " + message.role());
      }
    }
    return new Prompt(system, pictures, turns);
  }
}
