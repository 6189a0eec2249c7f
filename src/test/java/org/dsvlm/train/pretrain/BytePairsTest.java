/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.dsvlm.text.Tokenizer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BytePairsTest {
  private static final int BYTES_AND_SPECIAL = 260;

  @TempDir private Path folder;

  private Tokenizer learned(List<String> corpus, int size) {
    BytePairs.learn(corpus, size).write(folder, 128);
    return Tokenizer.open(folder);
  }

  @Test
  void theMostFrequentPairIsMergedFirst() {
    List<String> corpus = List.of("low low low lower", "newest newest");
    try (Tokenizer tokenizer = learned(corpus, BYTES_AND_SPECIAL + 2)) {
      assertThat(tokenizer.size()).isEqualTo(BYTES_AND_SPECIAL + 2);
      // "lo" and "ow" stand four times each; "lo" is the first in the alphabet, then "low".
      assertThat(tokenizer.id("lo")).isEqualTo(BYTES_AND_SPECIAL);
      assertThat(tokenizer.id("low")).isEqualTo(BYTES_AND_SPECIAL + 1);
      assertThat(tokenizer.encode("low", false)).containsExactly(BYTES_AND_SPECIAL + 1);
    }
  }

  @Test
  void anyTextComesBackAsItWas() {
    try (Tokenizer tokenizer = learned(Collections.nCopies(3, "a small lemon, food"), 300)) {
      for (String text :
          List.of("a small lemon", "Größe 漢字 \u0000\t\n x", "  two  blanks ", "A7K")) {
        assertThat(tokenizer.decode(tokenizer.encode(text, false), false)).isEqualTo(text);
      }
    }
  }

  @Test
  void textsBeginWithTheirTokenAndLearningIsRepeatable() throws IOException {
    List<String> corpus = List.of("one two two", "two three three three");
    try (Tokenizer tokenizer = learned(corpus, 280)) {
      assertThat(tokenizer.encode("two", true)[0]).isEqualTo(tokenizer.id("<s>"));
      assertThat(tokenizer.beginning()).hasValue(tokenizer.id("<s>"));
    }
    byte[] first = Files.readAllBytes(folder.resolve("tokenizer.json"));
    BytePairs.learn(corpus, 280).write(folder, 128);
    assertThat(Files.readAllBytes(folder.resolve("tokenizer.json"))).isEqualTo(first);
  }

  @Test
  void learningEndsWhereNothingStandsTwice() {
    try (Tokenizer tokenizer = learned(List.of("ab cd"), 1000)) {
      assertThat(tokenizer.size()).isEqualTo(BYTES_AND_SPECIAL);
    }
  }
}
