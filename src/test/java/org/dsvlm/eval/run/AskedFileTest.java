/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.dsvlm.eval.Benchmark;
import org.dsvlm.eval.BenchmarkFile;
import org.dsvlm.eval.Benchmarks;
import org.dsvlm.eval.ClosedAnswer;
import org.dsvlm.eval.TestFile;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AskedFileTest {
  private static final Benchmark CHOICES = Benchmarks.named("mmbench");
  private static final Benchmark PAIRS = Benchmarks.named("hallusionbench");

  @TempDir private Path folder;

  private BenchmarkFile choices() throws IOException {
    String picture = TestFile.PICTURE;
    Path file =
        TestFile.write(
            folder.resolve("choices.tsv"),
            "index\tquestion\tA\tB\tC\tD\tanswer\tcategory\timage",
            "0\tWhat colour?\tred\tblue\tgreen\tyellow\tA\tcolour\t" + picture,
            "1000000\tWhat colour?\tblue\tgreen\tyellow\tred\tD\tcolour\t0",
            "1\tWhich is larger?\tcat\tdog\t\t\tB\tsize\t" + picture);
    return BenchmarkFile.open(CHOICES, file);
  }

  private static List<String> indices(AskedFile asked) {
    return IntStream.range(0, asked.size()).mapToObj(asked::index).toList();
  }

  @Test
  void asksEveryRotationByLetters() throws IOException {
    try (BenchmarkFile file = choices()) {
      AskedFile asked = new AskedFile(CHOICES, file, "options");
      assertThat(indices(asked)).containsExactly("0", "1000000", "1");
      assertThat(asked.get(0).content()).contains("A. red");
      List<ClosedAnswer> answers = asked.answers(Map.of("0", "A", "1000000", "A", "1", "the dog"));
      assertThat(answers.stream().map(ClosedAnswer::hit)).containsExactly(true, false, true);
      assertThat(answers.get(2).options()).containsExactly("cat", "dog");
    }
  }

  @Test
  void asksOpenlyOnceAndTakesTheWholeTextAlone() throws IOException {
    try (BenchmarkFile file = choices()) {
      AskedFile asked = new AskedFile(CHOICES, file, "open");
      assertThat(indices(asked)).containsExactly("0", "1");
      assertThat(asked.get(0).content()).isEqualTo(" <image> What colour?");
      assertThat(asked.answers(Map.of("0", "Red.", "1", "the dog")).stream().map(ClosedAnswer::hit))
          .containsExactly(true, false);
      assertThat(asked.answers(Map.of("0", "A", "1", "dog")).stream().map(ClosedAnswer::right))
          .containsExactly("red", "dog");
    }
  }

  @Test
  void leavesTheFormOfAYesOrNoAnswerOut() throws IOException {
    Path data =
        TestFile.write(
            folder.resolve("pairs.tsv"),
            "index\tquestion\tanswer\tcategory\tl2-category\timage",
            "n_p_1_0_0_0\t\"Can you see it?\nPlease answer yes or no.\"\tYes\tis there\tx\t"
                + TestFile.PICTURE);
    try (BenchmarkFile file = BenchmarkFile.open(PAIRS, data)) {
      AskedFile asked = new AskedFile(PAIRS, file, "open");
      assertThat(asked.get(0).content()).isEqualTo(" <image> Can you see it?");
      ClosedAnswer answer = asked.answers(Map.of("n_p_1_0_0_0", "yes")).get(0);
      assertThat(answer.hit()).isTrue();
      assertThat(answer.options()).containsExactly("Yes", "No");
      assertThat(answer.category()).isEqualTo("is there");
    }
  }

  @Test
  void refusesABenchmarkOfOpenQuestions() throws IOException {
    Path data =
        TestFile.write(
            folder.resolve("open.tsv"),
            "index\tquestion\tanswer\tcategory\timage",
            "0\tWhat is written?\t['x']\tocr\t" + TestFile.PICTURE);
    Benchmark open = Benchmarks.named("ocrbench");
    try (BenchmarkFile file = BenchmarkFile.open(open, data)) {
      AskedFile asked = new AskedFile(open, file, "options");
      assertThatThrownBy(() -> asked.answers(Map.of("0", "x")))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContainingAll("ocrbench", "chance", "dsvlm eval");
    }
  }
}
