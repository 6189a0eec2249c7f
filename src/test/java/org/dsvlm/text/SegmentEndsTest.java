/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SegmentEndsTest {
  private static final Path TOKENIZERS = Path.of("src/test/resources/golden/tokenization");

  @ParameterizedTest
  @CsvSource({
    "small_sp, VICUNA_V1, </s>",
    "small_sp/tokenizer_legacy.json, VICUNA_V1, </s>",
    "small_llama3, LLAMA_3, <|eot_id|>",
    "small_qwen2, QWEN2, <|im_end|>"
  })
  void everyEndIsThatOfTheWholeTextBeforeIt(
      String name, ConversationTemplate template, String separator) {
    List<String> segments =
        List.of(
            "A chat. USER: <image>",
            "\nWhat is it? ASSISTANT:",
            " A hot pepper." + separator,
            "USER: Which colour? ASSISTANT:",
            " Red." + separator,
            "");
    try (Tokenizer tokenizer = Tokenizer.open(TOKENIZERS.resolve(name))) {
      long[] ids = template.tokenize(String.join("", segments), tokenizer);
      SegmentEnds ends = new SegmentEnds(tokenizer, separator, ids);
      StringBuilder prefix = new StringBuilder();
      for (String segment : segments) {
        prefix.append(segment);
        long[] whole = template.tokenize(prefix.toString(), tokenizer);
        assertThat(ends.after(segment)).as(prefix.toString()).hasValue(whole.length);
      }
    }
  }

  @Test
  void withoutALandmarkOrWithOneThatIsNotAmongTheTokensItSaysNothing() {
    try (Tokenizer tokenizer = Tokenizer.open(TOKENIZERS.resolve("small_sp"))) {
      long[] ids = tokenizer.encode("Why? Because.", false);
      SegmentEnds ends = new SegmentEnds(tokenizer, "</s>", ids);
      assertThat(ends.after("Why?")).isEqualTo(OptionalInt.empty());
      assertThat(ends.after("</s>")).isEqualTo(OptionalInt.empty());
      assertThat(ends.after(" Because.")).isEqualTo(OptionalInt.empty());
    }
  }

  @Test
  void aTokenThatSpansTheEndOfAStretchIsNoEnd() {
    try (Tokenizer tokenizer = Tokenizer.open(TOKENIZERS.resolve("small_sp"))) {
      long[] ids = ConversationTemplate.PLAIN.tokenize("<image>The answer", tokenizer);
      SegmentEnds ends = new SegmentEnds(tokenizer, "", ids);
      assertThat(ends.after("<image>"))
          .hasValue(ids.length - tokenizer.encode("The answer", false).length);
      assertThat(ends.after("Th")).isEqualTo(OptionalInt.empty());
      assertThat(ends.after("e answer")).hasValue(ids.length);
    }
  }
}
