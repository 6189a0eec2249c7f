/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.result;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.dsvlm.BadInput;
import org.dsvlm.eval.Benchmark;
import org.dsvlm.eval.BenchmarkFile;
import org.dsvlm.eval.Benchmarks;
import org.dsvlm.eval.Judging;
import org.dsvlm.eval.TestFile;
import org.dsvlm.eval.table.TsvTable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluationTest {
  private static final String HEAD = "index\timage\tquestion\tA\tB\tanswer\tcategory";

  /** The longest cell of an Excel file, which the tool writes by default. */
  private static final int EXCEL_CELL = 32_767;

  @TempDir private Path folder;

  private Evaluation.Outcome score(Map<String, String> replies, String... rows) throws IOException {
    Benchmark benchmark = Benchmarks.named("mmstar");
    String[] lines = new String[rows.length + 1];
    lines[0] = HEAD;
    System.arraycopy(rows, 0, lines, 1, rows.length);
    try (BenchmarkFile file =
        BenchmarkFile.open(benchmark, TestFile.write(folder.resolve("data.tsv"), lines))) {
      return Evaluation.score(
          benchmark,
          file,
          replies,
          Judging.NONE,
          new ResultFolder(folder.resolve("out"), "MMStar"));
    }
  }

  private static String row(int index, String question, String answer) {
    return index + "\t" + TestFile.PICTURE + "\t" + question + "\tcat\tdog\t" + answer + "\tpets";
  }

  @Test
  @BadInput(
      number = 74,
      value = "an empty reply",
      then = "counts as the text nan, which pandas makes of it: a miss unless an option holds it")
  void anEmptyReplyIsKeptAndMisses() throws IOException {
    Evaluation.Outcome outcome =
        score(Map.of("1", "", "2", "A"), row(1, "What?", "A"), row(2, "What?", "A"));
    assertThat(outcome.summary().headline()).isEqualTo(50);
    assertThat(outcome.summary().answered()).isEqualTo(2);
    assertThat(Evaluation.replies(folder.resolve("out/MMStar.tsv"))).containsEntry("1", "");
  }

  @Test
  @BadInput(
      number = 76,
      value = "a reply of more than 32,767 characters, with tabs, quotes and line breaks",
      then = "is written whole and quoted, read back the same, and scored")
  void aLongReplyStaysWhole() throws IOException {
    String reply = "x\ty \"z\"\r\n".repeat(EXCEL_CELL / 4) + " B";
    Evaluation.Outcome outcome = score(Map.of("1", reply), row(1, "What?", "B"));
    assertThat(outcome.summary().headline()).isEqualTo(100);
    Path predictions = folder.resolve("out/MMStar.tsv");
    assertThat(Evaluation.replies(predictions)).containsEntry("1", reply);
    try (TsvTable table = TsvTable.open(predictions, Set.of())) {
      assertThat(table.columns())
          .containsExactly("index", "question", "A", "B", "answer", "category", "prediction");
    }
  }

  @Test
  void nothingOfARowOrAReplyIsCodeOnThePage() throws IOException {
    score(
        Map.of("1", "<script>alert(1)</script>", "2", "A"),
        row(1, "<img src=x onerror=alert(2)>", "A"),
        "2\tQUJD" + "QUJD".repeat(20) + "\tWhat?\tcat\tdog\tB\t<b>pets");
    String page = Files.readString(folder.resolve("out/errors.html"));
    assertThat(page)
        .contains("&lt;script&gt;alert(1)", "&lt;img src=x", "&lt;b&gt;pets", "data:image/jpeg")
        .contains("row 2 (line 3, index 2), column 'image'")
        .doesNotContain("<script>alert", "<img src=x", "<b>pets");
  }

  @Test
  void filesHaveTheShapesOfTheTool() throws IOException {
    score(Map.of("1", "A", "2", "A"), row(1, "What?", "A"), row(2, "What?", "B"));
    assertThat(Files.readString(folder.resolve("out/MMStar_acc.csv")))
        .isEqualTo("\"split\",\"Overall\",\"pets\"\n\"none\",\"0.5\",\"0.5\"\n");
    assertThat(Files.readString(folder.resolve("out/result.json")))
        .contains("none (exact matching)", "data_md5");
  }
}
