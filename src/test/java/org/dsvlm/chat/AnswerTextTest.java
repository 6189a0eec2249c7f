/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.chat;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AnswerTextTest {
  private static final int TEXTS = 3000;

  @Test
  void holdsBackWhatMayBeginAStopString() {
    List<String> pieces = new ArrayList<>();
    AnswerText text = new AnswerText(List.of("END", "\n\n"), pieces::add);
    text.add(" It is a B");
    text.add("LEN");
    assertThat(pieces).containsExactly("It is a B", "L");
    text.add("T. E");
    text.add("N");
    assertThat(String.join("", pieces)).isEqualTo("It is a BLENT.");
    text.add("D and more");
    assertThat(text.stopped()).isTrue();
    text.add("nothing");
    text.finish();
    assertThat(text.text()).isEqualTo("It is a BLENT.");
  }

  /** Random texts and cuts: what is told is the text before the first stop string, stripped. */
  @Test
  void tellsTheTextBeforeTheFirstStopStringHoweverItComes() {
    Random random = new Random(5);
    int stopped = 0;
    for (int i = 0; i < TEXTS; i++) {
      String whole = draw(random, random.nextInt(30));
      List<String> stop = new ArrayList<>();
      for (int j = random.nextInt(3); j > 0; j--) {
        stop.add(draw(random, 1 + random.nextInt(4)));
      }
      List<String> pieces = new ArrayList<>();
      AnswerText text = new AnswerText(stop, pieces::add);
      for (int at = 0; at < whole.length(); ) {
        int end = Math.min(whole.length(), at + 1 + random.nextInt(3));
        text.add(whole.substring(at, end));
        at = end;
      }
      text.finish();
      int first = first(whole, stop);
      stopped += text.stopped() ? 1 : 0;
      assertThat(text.text()).isEqualTo(whole.substring(0, first).strip());
      assertThat(String.join("", pieces)).isEqualTo(text.text());
      assertThat(pieces).doesNotContain("");
    }
    assertThat(stopped).isBetween(TEXTS / 10, TEXTS * 9 / 10);
  }

  /** Where the text ends: a letter at a time until one of the strings is complete. */
  private static int first(String whole, List<String> stop) {
    for (int end = 0; end <= whole.length(); end++) {
      String read = whole.substring(0, end);
      int longest = stop.stream().filter(read::endsWith).mapToInt(String::length).max().orElse(-1);
      if (longest >= 0) {
        return end - longest;
      }
    }
    return whole.length();
  }

  private static String draw(Random random, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append("ab \n".charAt(random.nextInt(4)));
    }
    return text.toString();
  }
}
