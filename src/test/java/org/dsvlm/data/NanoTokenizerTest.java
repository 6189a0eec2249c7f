/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.dsvlm.text.Tokenizer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The tokenizer that tools/nano/train_tokenizer.py wrote. */
class NanoTokenizerTest {
  private static Tokenizer tokenizer;

  @BeforeAll
  static void open() {
    tokenizer = Tokenizer.open(Path.of("src/main/resources/org/dsvlm/recipes/nano"));
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  @Test
  void specialTokensComeFirst() {
    assertThat(tokenizer.size()).isEqualTo(1024);
    assertThat(tokenizer.id("<s>")).isZero();
    assertThat(tokenizer.id("</s>")).isEqualTo(1);
    assertThat(tokenizer.id("<pad>")).isEqualTo(2);
    assertThat(tokenizer.id("<image>")).isEqualTo(3);
    assertThat(tokenizer.beginning()).hasValue(0);
  }

  @Test
  void anyTextComesBackWithoutAnUnknownToken() {
    for (String text :
        new String[] {
          "",
          "hot pepper",
          "  two  spaces ",
          "\n\ttabs\r\n",
          "\u0000",
          "Ärger 東京 مرحبا",
          "🫠🏴‍☠️",
          "1234567",
          "</ s>"
        }) {
      assertThat(tokenizer.decode(tokenizer.encode(text, false), false)).isEqualTo(text);
    }
  }

  @Test
  void theTemplatesWordsAreOneTokenEach() {
    String system =
        "A chat between a curious user and an artificial intelligence assistant. The assistant gives"
            + " helpful, detailed, and polite answers to the user's questions. USER: ASSISTANT:";
    String[] words = system.split("(?=[.,:'])|(?= )");
    assertThat(tokenizer.encode(system, false)).hasSameSizeAs(words);
  }
}
