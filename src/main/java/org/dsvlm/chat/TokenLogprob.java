/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.chat;

import java.util.List;
import org.dsvlm.io.Arguments;

/**
 * A token of an answer and how likely it was.
 *
 * @param token its text; what is no whole character reads U+FFFD
 * @param bytes of the text in UTF-8, of which a token may hold a part of a character
 * @param logprob natural logarithm of its probability by the model's own logits, before settings
 *     act on them
 * @param top the likeliest tokens in its place, likeliest first; they have no further ones
 */
public record TokenLogprob(String token, byte[] bytes, double logprob, List<TokenLogprob> top) {
  /** Keeps a copy of the list. */
  public TokenLogprob {
    Arguments.given(token, "token");
    Arguments.given(bytes, "bytes");
    top = List.copyOf(Arguments.given(top, "top"));
  }
}
