/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import org.dsvlm.chat.ChatRequest;

/**
 * A request for a completion.
 *
 * @param stream whether the answer is sent while it is made
 * @param includeUsage whether a stream ends with the counts of tokens
 * @param logprobs whether the tokens' probabilities are wanted
 * @param pixelBytes that its pictures take
 */
record CompletionRequest(
    ChatRequest chat, boolean stream, boolean includeUsage, boolean logprobs, long pixelBytes) {}
