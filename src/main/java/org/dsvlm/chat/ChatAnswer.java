/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.chat;

import java.time.Duration;
import java.util.List;
import org.dsvlm.io.Arguments;

/**
 * An answer. Immutable.
 *
 * @param text without white space around it
 * @param promptTokens tokens of the request, those of its pictures included
 * @param answerTokens tokens that were made, the one that ended the answer included
 * @param finishReason why it ended
 * @param logprobs of each token that was made but a stop token, if the request asked for them, else
 *     empty
 * @param queued from the request to the beginning of its answer; all of it if it never began
 * @param firstToken from the request to the first token; {@code total} if there was none
 * @param total from the request to the end
 */
public record ChatAnswer(
    String text,
    int promptTokens,
    int answerTokens,
    FinishReason finishReason,
    List<TokenLogprob> logprobs,
    Duration queued,
    Duration firstToken,
    Duration total) {
  /** Keeps a copy of the list. */
  public ChatAnswer {
    Arguments.given(text, "text");
    Arguments.given(finishReason, "finishReason");
    logprobs = List.copyOf(Arguments.given(logprobs, "logprobs"));
  }
}
