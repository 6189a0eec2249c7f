/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.stream.LongStream;

/**
 * The stretches of a conversation as tokens, and where each ends. All of them are tokenized
 * together, as LLaVA does, unless a token would reach over the end of one: there the text is cut.
 *
 * @param ids of the whole
 * @param ends number of tokens up to the end of each stretch
 */
record TokenizedSegments(long[] ids, int[] ends) {

  /** Tokenizes {@code segments} of a conversation in {@code template}. */
  static TokenizedSegments of(
      List<String> segments, String separator, ConversationTemplate template, Tokenizer tokenizer) {
    Cutting cutting = new Cutting(segments, separator, template, tokenizer);
    // Each turn finds one more border that a token reaches over, so there are few.
    while (!cutting.tokenized()) {
      continue;
    }
    return new TokenizedSegments(cutting.ids, cutting.ends);
  }

  private static final class Cutting {
    private final List<String> segments;
    private final String separator;
    private final ConversationTemplate template;
    private final Tokenizer tokenizer;

    /** Stretches behind which the text is cut. */
    private final TreeSet<Integer> cuts = new TreeSet<>();

    private final int[] ends;
    private long[] ids = new long[0];

    Cutting(
        List<String> segments,
        String separator,
        ConversationTemplate template,
        Tokenizer tokenizer) {
      this.segments = segments;
      this.separator = separator;
      this.template = template;
      this.tokenizer = tokenizer;
      this.ends = new int[segments.size()];
      cuts.add(segments.size() - 1);
    }

    /** Tokenizes what lies between the cuts; false if another cut is needed. */
    boolean tokenized() {
      ids = new long[0];
      int first = 0;
      for (int last : cuts) {
        if (!piece(first, last)) {
          return false;
        }
        first = last + 1;
      }
      return true;
    }

    private boolean piece(int first, int last) {
      String text = String.join("", segments.subList(first, last + 1));
      boolean beginning = first == 0;
      long[] own = tokens(text, beginning);
      SegmentEnds known = new SegmentEnds(tokenizer, separator, own);
      StringBuilder prefix = new StringBuilder();
      for (int i = first; i < last; i++) {
        prefix.append(segments.get(i));
        OptionalInt end = known.after(segments.get(i));
        int length = end.isPresent() ? end.getAsInt() : length(prefix.toString(), own, beginning);
        if (length < 0) {
          cuts.add(i);
          return false;
        }
        ends[i] = ids.length + length;
      }
      ids = LongStream.concat(Arrays.stream(ids), Arrays.stream(own)).toArray();
      ends[last] = ids.length;
      return true;
    }

    /** Tokens of {@code prefix}; below zero unless those of the whole begin with them. */
    private int length(String prefix, long[] whole, boolean beginning) {
      long[] own = tokens(prefix, beginning);
      int common = Arrays.mismatch(own, whole);
      return common >= 0 && common < own.length ? -1 : own.length;
    }

    private long[] tokens(String text, boolean beginning) {
      if (beginning) {
        return template.tokenize(text, tokenizer);
      }
      int picture = text.indexOf(ConversationTemplate.IMAGE);
      String head = picture < 0 ? text : text.substring(0, picture);
      LongStream continued = Arrays.stream(continuation(head));
      if (picture < 0) {
        return continued.toArray();
      }
      String[] parts =
          text.substring(picture + ConversationTemplate.IMAGE.length())
              .split(ConversationTemplate.IMAGE, -1);
      for (String part : parts) {
        long[] after = part.isEmpty() ? new long[0] : tokenizer.encode(part, false);
        continued =
            LongStream.concat(
                LongStream.concat(continued, LongStream.of(ConversationTemplate.IMAGE_MARKER)),
                Arrays.stream(after));
      }
      return continued.toArray();
    }

    /** Tokens of a text that goes on with another, so that no space is put before it. */
    private long[] continuation(String text) {
      if (text.isEmpty()) {
        return new long[0];
      }
      OptionalLong special = tokenizer.special(separator);
      if (special.isEmpty()) {
        return tokenizer.encode(text, false);
      }
      long[] behind = tokenizer.encode(separator + text, false);
      return Arrays.copyOfRange(behind, 1, behind.length);
    }
  }
}
