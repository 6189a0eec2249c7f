/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WordsTest {
  /** The counts are those of Python's len(text.split()). */
  @Test
  void standBetweenBlanksOfAnyKind() {
    assertThat(Words.in("")).isZero();
    assertThat(Words.in(" \n\t")).isZero();
    assertThat(Words.in("<image>\nWhat is this?")).isEqualTo(4);
    assertThat(Words.in("a\u00a0b\u2003c\u3000d\u0085e\u2028f\u001cg")).isEqualTo(7);
    assertThat(Words.in("a\u200bb \uD83D\uDC08")).isEqualTo(2);
    assertThat(Words.in("one two three".toCharArray(), 4, 3)).isEqualTo(1);
  }
}
