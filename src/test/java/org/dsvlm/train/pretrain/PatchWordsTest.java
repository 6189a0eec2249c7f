/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.dsvlm.text.Tokenizer;
import org.junit.jupiter.api.Test;

/** Scenes of 64 pixels, read in 4 × 4 patches of 16. */
class PatchWordsTest {
  private static List<String> words(String label) throws JsonProcessingException {
    try (Tokenizer tokenizer = Tokenizer.open(Path.of("src", "main", "nano", "tokenizer"))) {
      PatchWords patches = new PatchWords(tokenizer, 64, 4);
      return Arrays.stream(patches.of(new ObjectMapper().readTree(label.replace('\'', '"'))))
          .map(tokens -> tokenizer.decode(tokens, true).strip())
          .toList();
    }
  }

  @Test
  void aThingStandsWhereItCoversThePatchsMiddle() throws JsonProcessingException {
    List<String> words =
        words(
            "{'caption': 'x, on pink left and black right', 'ground': ['pink', 'black'],"
                + "'text': '', 'things': [{'name': 'crab', 'category': 'animal', 'colour': 'red',"
                + "'x': 8, 'y': 20, 'size': 33}]}");
    String crab = "red crab animal";
    assertThat(words)
        .containsExactly(
            placed(
                "pink", "pink", "black", "black", //
                crab, crab, crab, "black", //
                crab, crab, crab, "black", //
                "pink", "pink", "black", "black"));
  }

  @Test
  void aTextStandsInWhatTheThingLeaves() throws JsonProcessingException {
    List<String> words =
        words(
            "{'caption': 'x, on gray above and blue below', 'ground': ['gray', 'blue'],"
                + "'text': 'K9', 'things': [{'name': 'sun', 'category': 'sky', 'colour': '',"
                + "'x': 16, 'y': 0, 'size': 30}]}");
    assertThat(words)
        .containsExactly(
            placed(
                "gray", "sun sky", "sun sky", "gray", //
                "gray", "sun sky", "sun sky", "gray", //
                "blue", "blue", "blue", "blue", //
                "blue", "K", "9", "blue"));
  }

  /** Sixteen patches' words, each with where it lies. */
  private static String[] placed(String... words) {
    for (int i = 0; i < words.length; i++) {
      words[i] += (i % 4 < 2 ? " left" : " right") + (i < 8 ? " above" : " below");
    }
    return words;
  }
}
