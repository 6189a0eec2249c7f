/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScoringTest {
  @TempDir private Path folder;

  private Path file(String... lines) throws IOException {
    return TestFile.write(folder.resolve("data.tsv"), lines);
  }

  @Test
  @BadInput(
      number = 70,
      value = "an MME picture with one question instead of two",
      then = "error: row, picture and category")
  void namesHalfAPairOfMme() throws IOException {
    Path file =
        file(
            "index\timage_path\tquestion\tanswer\tcategory",
            "0\tOCR/0.jpg\tIs it?\tYes\tOCR",
            "1\tOCR/0.jpg\tIs it?\tNo\tOCR",
            "2\tOCR/1.jpg\tIs it?\tNo\tOCR");
    assertThatThrownBy(() -> TestFile.score("mme", file, Map.of("0", "Yes", "1", "No", "2", "No")))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("row 3", "OCR/1.jpg", "one question");
    assertThatThrownBy(() -> TestFile.score("mme", file, Map.of("0", "Yes", "1", "No")))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("14 categories", "artwork", "text_translation");
  }

  @Test
  @BadInput(
      number = 71,
      value = "an MMBench question with a rotation missing",
      then =
          "is scored by the rotations that are there, as by the leaderboard's tool, and noted in the"
              + " result; without its first rotation it is left out")
  void scoresTheRotationsThatAreThere() throws IOException {
    Path file =
        file(
            "index\tquestion\tA\tB\tC\tanswer",
            "1\tWhat?\tcat\tdog\tcow\tA",
            "1000001\tWhat?\tcow\tcat\tdog\tB",
            "2\tWhat?\tcat\tdog\t\tA",
            "1000002\tWhat?\tdog\tcat\t\tB",
            "1000003\tWhat?\tdog\tcat\t\tB");
    Scores scores =
        TestFile.score(
            "mmbench",
            file,
            Map.of("1", "A", "1000001", "cat", "2", "A", "1000002", "A", "1000003", "B"));
    assertThat(scores.headline()).isEqualTo(50);
    assertThat(scores.units()).extracting(Unit::id).containsExactly("1", "2");
    assertThat(scores.notes())
        .anyMatch(note -> note.contains("question 1 has 2 of 3 rotations"))
        .anyMatch(note -> note.contains("question 3 is left out"))
        .hasSize(2);
  }

  @Test
  @BadInput(
      number = 72,
      value = "an answer cell that holds Python code",
      then = "error: row and column; literals are parsed, nothing is ever run")
  void neverRunsACell() throws IOException {
    Path ocr =
        file(
            "index\tquestion\tanswer\tcategory",
            "1\tWhat?\t[__import__('os').getcwd()]\tDoc-oriented VQA");
    assertThatThrownBy(() -> TestFile.score("ocrbench", ocr, Map.of("1", "x")))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("row 1", "'answer'", "no list", "never run");
    Path math =
        file(
            "index\ttask\tskills\tquestion\tquestion_type\tanswer_type\tanswer\tanswer_option\tchoices",
            "1\tt\ts\tWhat?\tmulti_choice\ttext\tx\tA\t[x for x in 'ab']");
    assertThatThrownBy(() -> TestFile.score("mathvista", math, Map.of("1", "x")))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("row 1", "'choices'", "never run");
  }

  @Test
  void mathVistaKeepsTheToolsQuirks() throws IOException {
    Path file =
        file(
            "index\ttask\tskills\tquestion\tquestion_type\tanswer_type\tanswer\tanswer_option\tchoices",
            "1\tt\t['s', 'u']\tWhat?\tfree_form\tinteger\t0\t\t",
            "2\tt\ts\tWhat?\tfree_form\ttext\tred\t\t",
            "3\tt\ts\tWhat?\tfree_form\tinteger\t7\t\t",
            "4\tt\ts\tWhat?\tmulti_choice\ttext\tred\tB\t['blue', 'red']");
    Scores scores =
        TestFile.score("mathvista", file, Map.of("1", "0", "2", "red", "3", " 7 ", "4", "RED"));
    assertThat(scores.rows())
        .extracting(row -> row.read().get("prefetched"))
        .as("a right 0 and text wait for the judge")
        .containsExactly(false, false, true, true);
    assertThat(scores.rows()).extracting(RowResult::score).containsExactly(0.0, 0.0, 1.0, 1.0);
    assertThat(scores.notes()).singleElement().asString().startsWith("2 replies need a judge");
  }

  @Test
  void aFileOfOnesOwnIsScoredByItsAnswers() throws IOException {
    Path file =
        file(
            "index\tquestion\tanswer\tcategory",
            "1\tWhich colour?\tred\tcolour",
            "2\tWhich colour?\tred\tcolour",
            "3\tIs it a cat?\tno\tcalled",
            "4\tIs it a cat?\tno\tcalled");
    Scores scores =
        TestFile.score(
            "exact", file, Map.of("1", " Red.", "2", "dark red", "3", "no..", "4", "no"));
    assertThat(scores.rows()).extracting(RowResult::score).containsExactly(1.0, 0.0, 0.0, 1.0);
    assertThat(scores.headline()).isEqualTo(50);
    assertThat(scores.table().get(0)).containsEntry("colour", 0.5).containsEntry("called", 0.5);
    assertThat(Benchmarks.all())
        .hasSize(10)
        .noneMatch(benchmark -> benchmark.key().equals("exact"));
  }

  @Test
  void llavaBenchNeedsAJudge() throws IOException {
    Path file =
        file("index\tquestion\tcategory\tcaption\tgpt4_ans", "1\tWhat?\tconv\ta cat\ta cat");
    assertThatThrownBy(() -> TestFile.score("LLaVABench", file, Map.of("1", "a dog")))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("--judge");
  }

  @Test
  void unknownNamesAreRefused() {
    assertThat(Benchmarks.named("MMBench_DEV_CN").key()).isEqualTo("mmbench");
    assertThat(Benchmarks.named("MathVista_MINI").key()).isEqualTo("mathvista");
    assertThatThrownBy(() -> Benchmarks.named("mmbank"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("mmbank", "hallusionbench", "MMMU_DEV_VAL");
  }
}
