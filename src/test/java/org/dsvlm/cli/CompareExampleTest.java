/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The two nano models that docs/evaluation.md compares: their replies give the page's figures. */
class CompareExampleTest {
  private static final Path DOCS = Path.of("docs");

  @TempDir private Path folder;

  private String scored(String name) {
    String out = folder.resolve(name).toString();
    Outcome outcome =
        Outcome.of(
            "eval",
            "--benchmark=exact",
            "--score=" + DOCS.resolve("nano").resolve(name + ".tsv"),
            "--out=" + out);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    return out;
  }

  @Test
  void thePageShowsWhatCompareSaysOfTheShippedReplies() throws IOException {
    Outcome compared = Outcome.of("compare", scored("stage1"), scored("both"));
    assertThat(compared.err()).isEmpty();
    assertThat(compared.out())
        .contains("EXACT", "  colour", "  group", "  is_called", "  is_in_group");
    assertThat(Files.readString(DOCS.resolve("evaluation.md")))
        .contains(compared.out().indent(4).stripTrailing());
  }
}
