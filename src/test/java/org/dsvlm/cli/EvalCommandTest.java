/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.dsvlm.BadInput;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvalCommandTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden");

  @TempDir private Path folder;

  private String out(String name) {
    return "--out=" + folder.resolve(name);
  }

  /** Copies what the golden cases hold under the leaderboard's names. */
  private void gather(String... cases) throws IOException {
    for (String name : List.of("data", "predictions")) {
      Files.createDirectories(folder.resolve(name));
      for (String one : cases) {
        JsonNode json = new ObjectMapper().readTree(GOLDEN.resolve(one + "/case.json").toFile());
        Files.copy(
            GOLDEN.resolve(one + "/" + name + ".tsv"),
            folder.resolve(name).resolve(json.path("benchmark").asText() + ".tsv"));
      }
    }
  }

  @Test
  void scoresAllThatAFolderHoldsAndComparesThem() throws IOException {
    gather("eval_mmbench_dev_en", "eval_mme", "eval_llavabench", "eval_hallusionbench");
    String data = "--data=" + folder.resolve("data");
    String score = "--score=" + folder.resolve("predictions");
    Outcome all = Outcome.of("eval", "--benchmark=all", data, score, out("a"));
    assertThat(all.err()).isEmpty();
    assertThat(all.code()).isZero();
    assertThat(all.out())
        .contains("MMBench  MMStar  MMMU  MathVista  OCRBench  AI2D  HallusionBench")
        .contains("67.5", "1154.2", "judge: none (exact matching)")
        .contains("LLaVABench: left out, since it needs --judge");
    Path file = GOLDEN.resolve("eval_llavabench/judge.json");
    assertThat(
            Outcome.of("eval", "--benchmark=all", data, score, "--judge-replies=" + file, out("b"))
                .err())
        .contains("must be a folder");
    Files.copy(file, Files.createDirectory(folder.resolve("judge")).resolve("LLaVABench.json"));
    String replies = "--judge-replies=" + folder.resolve("judge");
    Outcome judged = Outcome.of("eval", "--benchmark=all", data, score, replies, out("b"));
    assertThat(judged.out())
        .contains(
            "72.4", "replies of LLaVABench.json, instructions dsvlm@", "none (exact matching)");
    Outcome compared =
        Outcome.of("compare", folder.resolve("a").toString(), folder.resolve("b").toString());
    assertThat(compared.err()).isEmpty();
    assertThat(compared.out())
        .contains("MMBench_DEV_EN", "numerical_calculation", "judge: none (exact matching)")
        .doesNotContain("LLaVABench");
  }

  @Test
  void aSingleBenchmarkLeavesItsFilesInTheFolder() throws IOException {
    Path mme = GOLDEN.resolve("eval_mme");
    Outcome one =
        Outcome.of(
            "eval",
            "--benchmark=mme",
            "--data=" + mme.resolve("data.tsv"),
            "--score=" + mme.resolve("predictions.tsv"),
            out("one"));
    assertThat(one.err()).isEmpty();
    ObjectMapper mapper = new ObjectMapper();
    JsonNode scores = mapper.readTree(folder.resolve("one/scores.json").toFile());
    JsonNode expected = mapper.readTree(mme.resolve("scores.json").toFile());
    assertThat(scores.get(0).get("perception")).isEqualTo(expected.get(0).get("perception"));
    // The predictions hold all that their scoring needs.
    Outcome again =
        Outcome.of(
            "eval", "--benchmark=MME", "--score=" + folder.resolve("one/MME.tsv"), out("two"));
    assertThat(again.err()).isEmpty();
    assertThat(mapper.readTree(folder.resolve("two/scores.json").toFile())).isEqualTo(scores);
  }

  @Test
  @BadInput(
      number = 75,
      value = "a data file with another MD5 than --checksum",
      then = "error: the file and both sums")
  void refusesAFileWithAWrongChecksum() {
    Path mme = GOLDEN.resolve("eval_mme");
    Outcome outcome =
        Outcome.of(
            "eval",
            "--benchmark=mme",
            "--data=" + mme.resolve("data.tsv"),
            "--checksum=b36b43c3f09801f5d368627fb92187c3",
            "--score=" + mme.resolve("predictions.tsv"),
            out("x"));
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err())
        .startsWith("dsvlm: ")
        .contains("data.tsv", "its MD5 is", "not b36b43c3f09801f5d368627fb92187c3");
    assertThat(folder.resolve("x/scores.json")).doesNotExist();
  }

  @Test
  void saysWhichOptionsDoNotGoTogether() {
    assertThat(Outcome.of("eval", "--benchmark=mme", out("x")).err()).contains("--score");
    assertThat(
            Outcome.of("eval", "--benchmark=mme", "--score=x", "--judge=http://x/v1", out("x"))
                .err())
        .contains("--judge-model");
    assertThat(Outcome.of("eval", "--benchmark=mmbank", "--score=x", out("x")).err())
        .contains("unknown benchmark 'mmbank'");
    assertThat(Outcome.of("eval", "--benchmark=all", "--score=pom.xml", out("x")).err())
        .contains("pom.xml: is no folder");
    assertThat(Outcome.of("compare", folder.toString(), folder.toString()).err())
        .contains("holds no result.json");
  }
}
