/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.judge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JudgeInstructionsTest {
  @TempDir private Path folder;

  @Test
  void aReplyIsNeverTakenForAPlaceHolder() {
    String text =
        JudgeInstructions.ours()
            .text("yes_no", Map.of("question", "Is it {reply}?", "reply", "$1 {question}"));
    assertThat(text).contains("Is it {reply}?", "$1 {question}");
  }

  @Test
  void theUsersFileReplacesOurs() throws IOException {
    Path file = folder.resolve("mine.yaml");
    Files.writeString(
        file, "system: s\noption: o {reply}\nyes_no: y\nanswer: a\ncompare: c {refrence}\n");
    JudgeInstructions mine = JudgeInstructions.read(file);
    assertThat(mine.name()).matches("mine\\.yaml@[0-9a-f]{12}");
    assertThat(mine.text("option", Map.of("reply", "r"))).isEqualTo("o r");
    assertThatThrownBy(() -> mine.text("compare", Map.of("reference", "x")))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("'compare'", "{refrence}", "[reference]");
    Files.writeString(file, "system: s\noption: o\n");
    assertThatThrownBy(() -> JudgeInstructions.read(file))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("mine.yaml", "'yes_no'");
    Files.writeString(file, "system: s\noption: o\nyes_no: y\nanswer: a\ncompare: c\nmore: m\n");
    assertThatThrownBy(() -> JudgeInstructions.read(file))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("'more'");
    Files.writeString(file, "system: s\noption: o\nyes_no: y\nanswer: a\ncompare: c\nanswer: b\n");
    assertThatThrownBy(() -> JudgeInstructions.read(file))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("mine.yaml", "Duplicate field 'answer'");
  }
}
