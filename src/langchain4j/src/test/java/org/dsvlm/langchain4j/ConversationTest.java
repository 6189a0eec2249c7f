/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.TimeoutException;
import dev.langchain4j.model.output.FinishReason;
import java.time.Duration;
import java.util.List;
import org.dsvlm.chat.ChatAnswer;
import org.dsvlm.chat.ChatModel;
import org.dsvlm.chat.ChatRequest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What becomes of a request and of each kind of answer, without making one. */
class ConversationTest {
  private static ChatModel open;
  private static Conversation conversation;

  @BeforeAll
  static void open() {
    open = Nano.open();
    conversation =
        new Conversation(DsVlmChatModel.builder().model(open).timeout(Duration.ofSeconds(3)));
  }

  @AfterAll
  static void close() {
    open.close();
  }

  @Test
  void aRequestHasStopsLengthAndDeadline() {
    ChatRequest request =
        conversation.request(
            dev.langchain4j.model.chat.request.ChatRequest.builder()
                .messages(UserMessage.from(Nano.QUESTION))
                .stopSequences(List.of("a", "b"))
                .maxOutputTokens(7)
                .build());
    assertThat(request.stop()).containsExactly("a", "b");
    assertThat(request.deadline()).contains(Duration.ofSeconds(3));
    assertThat(request.settings()).contains(open.settings().withMaxNewTokens(7));
  }

  @Test
  void anAnswerKeepsItsReason() {
    assertThat(reason(org.dsvlm.chat.FinishReason.STOP)).isEqualTo(FinishReason.STOP);
    assertThat(reason(org.dsvlm.chat.FinishReason.LENGTH)).isEqualTo(FinishReason.LENGTH);
    assertThat(reason(org.dsvlm.chat.FinishReason.CANCELLED)).isEqualTo(FinishReason.OTHER);
    assertThatThrownBy(() -> reason(org.dsvlm.chat.FinishReason.DEADLINE))
        .isInstanceOf(TimeoutException.class)
        .hasMessage("the answer took longer than PT3S; so far it has 2 tokens: 'It is'");
  }

  private static FinishReason reason(org.dsvlm.chat.FinishReason reason) {
    Duration time = Duration.ofSeconds(1);
    return conversation
        .response(new ChatAnswer("It is", 9, 2, reason, List.of(), time, time, time))
        .finishReason();
  }
}
