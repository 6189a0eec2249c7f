/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.dsvlm.text.Tokenizer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StreamedTextTest {
  private static final Path TOKENIZERS = Path.of("src/test/resources/golden/tokenization");
  private static final String TEXT = "One  é 🐈\u200d⬛ 世界!\n  two";

  /** The texts told after each of {@code ids}, and the remaining one. */
  private static List<String> pieces(Tokenizer tokenizer, long... ids) {
    List<String> pieces = new ArrayList<>();
    StringBuilder told = new StringBuilder();
    StreamedText streamed =
        new StreamedText(tokenizer, Set.of(), (record, text) -> told.append(text));
    for (long id : ids) {
      streamed.onToken(0, id);
      pieces.add(told.toString());
      told.setLength(0);
    }
    streamed.finish();
    pieces.add(told.toString());
    return pieces;
  }

  @ParameterizedTest
  @ValueSource(strings = {"small_sp", "small_sp/tokenizer.model", "small_llama3", "small_qwen2"})
  void tellsWholeCharactersAsSoonAsTheyAreKnown(String name) {
    try (Tokenizer tokenizer = Tokenizer.open(TOKENIZERS.resolve(name))) {
      long[] ids = tokenizer.encode(TEXT, false);
      List<String> pieces = pieces(tokenizer, ids);
      assertThat(String.join("", pieces)).isEqualTo(tokenizer.decode(ids, true)).isEqualTo(TEXT);
      assertThat(pieces).noneMatch(piece -> piece.contains("\uFFFD"));
      assertThat(pieces).allMatch(StreamedTextTest::isWhole);
      assertThat(pieces).as("all is told before the end").last().isEqualTo("");
      long[] words = tokenizer.encode("some plain words", false);
      List<String> immediate = pieces(tokenizer, words);
      for (int i = 1; i <= words.length; i++) {
        assertThat(String.join("", immediate.subList(0, i)))
            .isEqualTo(tokenizer.decode(Arrays.copyOf(words, i), true));
      }
    }
  }

  /** Neither begins nor ends inside a surrogate pair. */
  private static boolean isWhole(String piece) {
    return piece.isEmpty()
        || (!Character.isLowSurrogate(piece.charAt(0))
            && !Character.isHighSurrogate(piece.charAt(piece.length() - 1)));
  }

  @Test
  void aCharacterSpelledInBytesComesAtOnce() {
    try (Tokenizer tokenizer = Tokenizer.open(TOKENIZERS.resolve("small_qwen2"))) {
      long[] ids = tokenizer.encode("a🐈b", false);
      assertThat(ids.length).as("the cat takes several tokens").isGreaterThan(4);
      assertThat(pieces(tokenizer, ids)).containsOnlyOnce("🐈").startsWith("a", "", "");
    }
  }

  /** Any tokens at all, in any order: broken characters and special tokens among them. */
  @ParameterizedTest
  @ValueSource(strings = {"small_sp", "small_sp/tokenizer.model", "small_llama3", "small_qwen2"})
  void allPiecesTogetherAreTheDecodedAnswer(String name) {
    Random random = new Random(5);
    try (Tokenizer tokenizer = Tokenizer.open(TOKENIZERS.resolve(name))) {
      for (int run = 0; run < 300; run++) {
        // Low ids are bytes and special tokens.
        long bound = run % 2 == 0 ? tokenizer.size() : 262;
        long[] ids = random.longs(random.nextInt(30), 0, bound).toArray();
        assertThat(String.join("", pieces(tokenizer, ids))).isEqualTo(tokenizer.decode(ids, true));
      }
    }
  }

  @Test
  void answersAreKeptApartAndEndAtTheirStopToken() {
    try (Tokenizer tokenizer = Tokenizer.open(TOKENIZERS.resolve("small_sp"))) {
      long[] first = tokenizer.encode("one 🐈", false);
      long[] second = tokenizer.encode("two 世界", false);
      long stop = tokenizer.id("z");
      Map<Integer, String> told = new TreeMap<>();
      StreamedText streamed =
          new StreamedText(
              tokenizer, Set.of(stop), (record, text) -> told.merge(record, text, String::concat));
      for (int i = 0; i < Math.max(first.length, second.length); i++) {
        if (i < first.length) {
          streamed.onToken(0, first[i]);
        }
        if (i < second.length) {
          streamed.onToken(1, second[i]);
        }
      }
      streamed.onToken(0, stop);
      streamed.finish();
      assertThat(told).containsEntry(0, "one 🐈").containsEntry(1, "two 世界");
      streamed.finish();
      assertThat(told).containsEntry(1, "two 世界");
    }
  }
}
