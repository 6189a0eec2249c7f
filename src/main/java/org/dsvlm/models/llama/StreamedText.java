/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.dsvlm.text.Tokenizer;

/**
 * Turns the tokens of answers into their text while they are made. A token may hold a part of a
 * character, or spell one byte of it; such text is held back until the character is whole. All
 * pieces of an answer together are what {@link Tokenizer#decode} makes of all its tokens.
 */
public final class StreamedText implements TokenListener {
  /**
   * The replacement character, which decoding puts for bytes that are no character, or not yet one.
   */
  private static final String NO_CHARACTER = "\uFFFD";

  private final Tokenizer tokenizer;
  private final Set<Long> stopTokens;
  private final TextListener listener;
  private final Map<Integer, Answer> answers = new TreeMap<>();

  /**
   * Text for {@code listener}.
   *
   * @param stopTokens those of the {@link GenerationSettings}, which are no part of an answer
   */
  public StreamedText(Tokenizer tokenizer, Set<Long> stopTokens, TextListener listener) {
    this.tokenizer = tokenizer;
    this.stopTokens = stopTokens;
    this.listener = listener;
  }

  @Override
  public void onToken(int record, long id) {
    if (!stopTokens.contains(id) && !tokenizer.isSpecial(id)) {
      answers.computeIfAbsent(record, Answer::new).add(id);
    }
  }

  /** Tells what is held back at the end of the answers; to be called once all are complete. */
  public void finish() {
    answers.values().forEach(Answer::finish);
    answers.clear();
  }

  /** The tokens of one answer from the last one on whose text was told. */
  private final class Answer {
    private final int record;
    private long[] tokens = {};
    private int told;

    Answer(int record) {
      this.record = record;
    }

    void add(long id) {
      tokens = LongStream.concat(LongStream.of(tokens), LongStream.of(id)).toArray();
      // A run of bytes is decoded as a whole: one that is wrong spoils those before it too.
      if (tokenizer.isByte(id)) {
        return;
      }
      String text = tokenizer.decode(tokens, true);
      if (!text.endsWith(NO_CHARACTER)) {
        tell(text);
        // The last one stays: what comes first in a text loses its space.
        tokens = new long[] {id};
        told = tokenizer.decode(tokens, true).length();
      }
    }

    void finish() {
      tell(tokenizer.decode(tokens, true));
    }

    private void tell(String text) {
      if (text.length() > told) {
        listener.onText(record, text.substring(told));
      }
    }
  }
}
