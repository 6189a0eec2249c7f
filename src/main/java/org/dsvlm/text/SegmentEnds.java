/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import java.util.Arrays;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Finds where the stretches of a conversation end among its tokens. Only the text since the last
 * landmark is tokenized again: a landmark is a picture or a special token, and a tokenizer never
 * looks beyond one. Without landmarks every end would cost the tokens of the whole text before it,
 * and a conversation of n turns n times its length.
 */
final class SegmentEnds {
  private final Tokenizer tokenizer;
  private final String separator;
  private final OptionalLong separatorId;
  private final long[] ids;
  private final StringBuilder section = new StringBuilder();

  /** The picture or special token before the section; empty at the beginning. */
  private String landmark = "";

  /** Index of the section's first token; below zero where text and tokens no longer match. */
  private int sectionBegin;

  /**
   * @param separator the special token that ends an answer, nothing if there is none
   * @param ids tokens of the whole conversation
   */
  SegmentEnds(Tokenizer tokenizer, String separator, long[] ids) {
    this.tokenizer = tokenizer;
    this.separator = separator;
    this.separatorId = tokenizer.special(separator);
    this.ids = ids;
  }

  /**
   * Goes on by a stretch of text.
   *
   * @return the number of tokens up to its end; empty if only the tokens of the whole text can tell
   */
  OptionalInt after(String text) {
    section.append(text);
    passLandmarks();
    if (sectionBegin < 0 || landmark.isEmpty()) {
      return OptionalInt.empty();
    }
    if (section.isEmpty()) {
      return OptionalInt.of(sectionBegin);
    }
    // What stands on either side of a picture is tokenized by itself; a special token belongs to
    // the text, and some tokenizers treat what follows it unlike the beginning of a text.
    boolean behindPicture = landmark.equals(ConversationTemplate.IMAGE);
    long[] part = tokenizer.encode(behindPicture ? section.toString() : landmark + section, false);
    int from = behindPicture ? 0 : 1;
    int end = sectionBegin + part.length - from;
    boolean same =
        end <= ids.length && Arrays.equals(part, from, part.length, ids, sectionBegin, end);
    return same ? OptionalInt.of(end) : OptionalInt.empty();
  }

  private void passLandmarks() {
    while (sectionBegin >= 0) {
      int picture = section.indexOf(ConversationTemplate.IMAGE);
      int separated = separatorId.isPresent() ? section.indexOf(separator) : -1;
      if (picture < 0 && separated < 0) {
        return;
      }
      boolean pictureFirst = picture >= 0 && (separated < 0 || picture < separated);
      landmark = pictureFirst ? ConversationTemplate.IMAGE : separator;
      section.delete(0, (pictureFirst ? picture : separated) + landmark.length());
      sectionBegin =
          behind(pictureFirst ? ConversationTemplate.IMAGE_MARKER : separatorId.getAsLong());
    }
  }

  /** Index behind the next landmark among the tokens; −1 if it is none of {@code id}. */
  private int behind(long id) {
    for (int i = sectionBegin; i < ids.length; i++) {
      if (ids[i] == id) {
        return i + 1;
      }
      if (ids[i] == ConversationTemplate.IMAGE_MARKER
          || (separatorId.isPresent() && ids[i] == separatorId.getAsLong())) {
        return -1;
      }
    }
    return -1;
  }
}
