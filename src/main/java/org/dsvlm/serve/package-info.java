/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The HTTP server: OpenAI's chat completions on a {@link org.dsvlm.chat.ChatModel}, with its
 * limits, its metrics and the page to chat on. How an answer is made is decided in {@code chat}.
 */
@NullMarked
package org.dsvlm.serve;

import org.jspecify.annotations.NullMarked;
