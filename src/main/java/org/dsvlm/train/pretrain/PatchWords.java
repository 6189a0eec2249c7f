/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.Map;
import org.dsvlm.text.Tokenizer;

/**
 * What each patch of a scene shows, in words: the thing's colour, name and category, the character,
 * or the colour of the ground; and where in the picture it lies, left or right, above or below. So
 * a language model learns to read a picture's patches from words, before a connector gives it
 * vectors in their place. Without the last two it learned no places: a model that knows but the
 * distance of two tokens can hardly tell what stands left of what.
 */
final class PatchWords {
  private final Tokenizer tokenizer;
  private final int side;
  private final int patches;
  private final Map<String, long[]> known = new HashMap<>();

  /**
   * @param side of the pictures in pixels
   * @param patches a side of a picture
   */
  PatchWords(Tokenizer tokenizer, int side, int patches) {
    this.tokenizer = tokenizer;
    this.side = side;
    this.patches = patches;
  }

  /** Patches of a picture. */
  int count() {
    return patches * patches;
  }

  /** The tokens of each patch's words, row by row; {@code label} is the truth about the scene. */
  long[][] of(JsonNode label) {
    String[] words = new String[count()];
    for (int i = 0; i < words.length; i++) {
      words[i] = ground(label, i / patches, i % patches);
    }
    writing(label, words);
    int patch = side / patches;
    for (JsonNode thing : label.path("things")) {
      String text =
          (thing.path("colour").asText() + " " + thing.path("name").asText()).strip()
              + " "
              + thing.path("category").asText();
      int x = thing.path("x").asInt();
      int y = thing.path("y").asInt();
      int size = thing.path("size").asInt();
      for (int i = 0; i < words.length; i++) {
        int left = i % patches * patch + patch / 2 - x;
        int above = i / patches * patch + patch / 2 - y;
        if (left >= 0 && left < size && above >= 0 && above < size) {
          words[i] = text;
        }
      }
    }
    long[][] tokens = new long[words.length][];
    for (int i = 0; i < words.length; i++) {
      tokens[i] = tokens(words[i] + place(i / patches, i % patches));
    }
    return tokens;
  }

  private String place(int row, int column) {
    return (column < patches / 2 ? " left" : " right") + (row < patches / 2 ? " above" : " below");
  }

  private String ground(JsonNode label, int row, int column) {
    JsonNode colours = label.path("ground");
    boolean beside = label.path("caption").asText().contains(" left and ");
    boolean second = colours.size() > 1 && (beside ? column : row) >= patches / 2;
    return colours.path(second ? 1 : 0).asText();
  }

  /** Where a character stands the labels do not say: about the middle of what the thing leaves. */
  private void writing(JsonNode label, String[] words) {
    String text = label.path("text").asText();
    if (text.isEmpty()) {
      return;
    }
    int first = patches / 4;
    JsonNode thing = label.path("things").path(0);
    if (!thing.isMissingNode()) {
      boolean above = thing.path("y").asInt() + thing.path("size").asInt() / 2 < side / 2;
      first = above ? patches - patches / 4 : 0;
    }
    int rows = thing.isMissingNode() ? patches / 2 : patches / 4;
    for (int row = first; row < first + rows; row++) {
      for (int column = 1; column < patches - 1; column++) {
        int at = (column - 1) * text.length() / (patches - 2);
        words[row * patches + column] = text.substring(at, at + 1);
      }
    }
  }

  private long[] tokens(String words) {
    return known.computeIfAbsent(words, text -> tokenizer.encode(" " + text, false));
  }
}
