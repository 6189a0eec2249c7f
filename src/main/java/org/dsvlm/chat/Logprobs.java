/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.chat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.dsvlm.models.llama.TokenLikelihood;
import org.dsvlm.text.Tokenizer;

/** Likelihoods of an answer's tokens, told with the tokens' text. */
final class Logprobs {
  private Logprobs() {}

  static List<TokenLogprob> of(List<TokenLikelihood> tokens, Tokenizer tokenizer) {
    return tokens.stream().map(token -> of(token, tokenizer)).toList();
  }

  private static TokenLogprob of(TokenLikelihood token, Tokenizer tokenizer) {
    // A model may have more rows than its tokenizer has tokens.
    byte[] bytes = token.id() < tokenizer.size() ? tokenizer.bytes(token.id()) : new byte[0];
    return new TokenLogprob(
        new String(bytes, StandardCharsets.UTF_8),
        bytes,
        token.logProbability(),
        of(token.likeliest(), tokenizer));
  }
}
