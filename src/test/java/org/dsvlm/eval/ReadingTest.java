/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Expected values are what VLMEvalKit of August 2026 reads from the same replies. */
class ReadingTest {
  private static final Map<String, String> OPTIONS = options();

  private static Map<String, String> options() {
    Map<String, String> options = new LinkedHashMap<>();
    options.put("A", "cat");
    options.put("B", "no dog");
    options.put("C", "a red car");
    return options;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "A|A",
        "(B).|B",
        "'A'|-",
        "A or B|-",
        "Z|Z",
        "D|-",
        "I can't process this file. A|Z",
        "I'm sorry, but without the image provided I cannot|Z",
        "I don't know|-",
        "Failed to obtain answer via API. A|-",
        "It is the CAT|A",
        "cat and no dog|-",
        "A man is riding a horse|-",
        "So then it must be A|A",
        "A is right because the light comes from above|-",
        "The answer is about 5|A",
        "The correct answer  is **b**|B",
        "The answer is D|-",
      })
  void readsOptions(String reply, String letter) {
    assertThat(OptionReading.read(reply, OPTIONS).orElse("-")).as(reply).isEqualTo(letter);
  }

  @Test
  void aLongReplyIsNotSearchedForOptions() {
    int all = "cat".length() + "no dog".length() + "a red car".length();
    String longest = "x".repeat(2 * all - 4) + " cat";
    assertThat(OptionReading.read(longest, OPTIONS)).contains("A");
    assertThat(OptionReading.read("x" + longest, OPTIONS)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "Yes|Yes",
        "no.|No",
        "yes, no|Unknown",
        "Yes/No|Unknown",
        "no/yes / maybe|Unknown",
        "**No**|Unknown",
        "It is 1,000! No!|No",
        "yesterday|Unknown",
        "not sure: Yes|Yes",
      })
  void readsYesAndNo(String reply, String answer) {
    assertThat(YesNo.read(reply)).as(reply).isEqualTo(answer);
  }

  @Test
  void thirtyTwoFullStopsGo() {
    assertThat(YesNo.read(".".repeat(32) + "yes")).isEqualTo("Yes");
    assertThat(YesNo.read(".".repeat(33) + "yes")).isEqualTo("Unknown");
    assertThat(YesNo.withoutPunctuation("a. 1.5 b.")).isEqualTo("a 1.5 b");
  }
}
