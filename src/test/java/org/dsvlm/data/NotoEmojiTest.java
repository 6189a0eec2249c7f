/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class NotoEmojiTest {
  private final Map<String, NotoEmoji> byCode =
      NotoEmoji.all().stream().collect(Collectors.toMap(NotoEmoji::code, Function.identity()));

  @Test
  void flagsThatLookAlikeAreNamedOnce() {
    assertThat(byCode).hasSize(1906 - 4);
    assertThat(byCode.get("1f1eb-1f1f7").name()).isEqualTo("flag of France");
    assertThat(byCode).doesNotContainKey("1f1e8-1f1f5");
  }

  @Test
  void namesAreRunningText() {
    assertThat(byCode.get("1f55b").name()).isEqualTo("clock face at twelve o'clock");
    assertThat(byCode.get("1f567").name()).isEqualTo("clock face at twelve-thirty");
    assertThat(byCode.get("23f0").name()).isEqualTo("alarm clock");
    assertThat(byCode.get("1f3c1").name()).isEqualTo("chequered flag");
    assertThat(byCode.get("1f336-fe0f").name()).isEqualTo("hot pepper");
    assertThat(byCode.get("1f336-fe0f").keywords()).contains("chili");
  }

  @Test
  void coloursAreThoseOfPlainCases() {
    assertThat(byCode.get("1f336-fe0f").colour())
        .as("a red pepper that the rule calls orange")
        .isEmpty();
    assertThat(byCode.get("1f7e0").colour()).as("orange circle").contains("orange");
    assertThat(byCode.get("1f499").colour()).as("blue heart").contains("blue");
    assertThat(byCode.get("1f1e6-1f1e9").colour()).as("flag of Andorra").isEmpty();
  }

  @Test
  void everyNameAndPlaceIsItsOwn() {
    Set<String> names = new HashSet<>();
    Set<List<Integer>> places = new HashSet<>();
    for (NotoEmoji emoji : byCode.values()) {
      assertThat(names.add(emoji.name())).as(emoji.name()).isTrue();
      assertThat(places.add(List.of(emoji.sheet(), emoji.row()))).as(emoji.code()).isTrue();
      assertThat(emoji.name()).doesNotContainPattern("[\\u2018-\\u201f]");
    }
  }
}
