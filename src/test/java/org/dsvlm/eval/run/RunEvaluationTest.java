/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.dsvlm.distributed.ProcessGroup;
import org.dsvlm.eval.TestFile;
import org.dsvlm.eval.answer.AnswerListener;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.report.RunReport;
import org.dsvlm.train.TinyRun;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.recipe.RecipeReader;
import org.dsvlm.train.run.RunFolder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunEvaluationTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  private Path questions() throws IOException {
    return TestFile.write(
        folder.resolve("questions.tsv"),
        "index\tquestion\tA\tB\tC\tanswer\tcategory\timage",
        "0\tWhat colour?\tred\tblue\tgreen\tA\tcolour\t" + TestFile.PICTURE,
        "1\tWhat colour?\tred\tblue\tgreen\tA\tcolour\t" + TestFile.PICTURE,
        "2\tWhat colour?\tred\tblue\tgreen\tC\tcolour\t" + TestFile.PICTURE,
        "3\tWhich?\tcat\tdog\t\tB\tsize\t" + TestFile.PICTURE);
  }

  private static JsonNode evaluate(Recipe recipe, Path root) throws IOException {
    try (RunFolder run = RunFolder.resume(root, RecipeReader.read(root.resolve("recipe.yaml")))) {
      String text = RunEvaluation.run(ProcessGroup.alone(), recipe, run, AnswerListener.NONE);
      assertThat(text).contains("held-out questions: ");
      return JSON.readTree(run.evaluation().toFile());
    }
  }

  /** The model's own replies are known to nobody, so they are replaced by ones that are. */
  @Test
  void scoresTheRepliesThatAreKept() throws IOException {
    TinyRun tiny = new TinyRun(folder);
    String asked = "evaluation.questions={mmstar: " + questions() + "}";
    Path root = tiny.train("run", asked, "evaluation.pictures=2", "evaluation.max_new_tokens=2");
    Recipe recipe = RecipeReader.bind(RecipeReader.read(root.resolve("recipe.yaml")));
    JsonNode first = evaluate(recipe, root);
    assertThat(first.path("questions").asInt()).isEqualTo(4);
    // All four questions show one picture.
    assertThat(root.resolve("held_out_strip/picture-1/original.png")).exists();
    assertThat(root.resolve("held_out_strip/picture-2")).doesNotExist();
    assertThat(root.resolve("held_out_strip/sheet.png")).exists();

    Path log = root.resolve("evaluation/mmstar/answers.jsonl");
    List<String> lines = Files.readAllLines(log);
    List<String> replies = List.of("A", "B", "C", "dog");
    StringBuilder known = new StringBuilder(lines.get(0)).append('\n');
    for (int i = 0; i < replies.size(); i++) {
      ObjectNode line = (ObjectNode) JSON.readTree(lines.get(i + 1));
      known.append(line.put("reply", replies.get(i))).append('\n');
    }
    Files.writeString(log, known);
    assertThat(evaluate(recipe, root)).as("a result that is there stays").isEqualTo(first);
    Files.delete(root.resolve("evaluation.json"));

    JsonNode json = evaluate(recipe, root);
    assertThat(json.path("accuracy").asDouble()).isEqualTo(3 / 4.0);
    assertThat(json.path("chance").asDouble()).isEqualTo((3 * (1 / 3.0) + 0.5) / 4);
    // Red is most often right among colours; the one size is its own majority.
    assertThat(json.path("majority").asDouble()).isEqualTo(3 / 4.0);
    assertThat(json.path("form").asText()).isEqualTo("options");
    JsonNode colour = json.path("by_category").path("colour");
    assertThat(colour.path("accuracy").asDouble()).isEqualTo(2 / 3.0);
    assertThat(colour.path("majority").asDouble()).isEqualTo(2 / 3.0);
    assertThat(json.path("benchmarks").path(0).path("headline").asDouble()).isEqualTo(75);

    RunReport.write(root);
    assertThat(Files.readString(root.resolve("report.html")))
        .contains("Held-out questions", "<td>75.0</td>", "From noise to picture, held out")
        .doesNotContain("asked without their options");
    JSON.writeValue(
        root.resolve("evaluation.json").toFile(), ((ObjectNode) json).put("form", "open"));
    RunReport.write(root);
    assertThat(Files.readString(root.resolve("report.html")))
        .contains("asked without their options");
  }

  @Test
  void refusesWhatCannotBeAsked() throws IOException {
    TinyRun tiny = new TinyRun(folder);
    assertThatThrownBy(() -> check(tiny, "{mmstar: nowhere/questions.tsv}"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("evaluation.questions.mmstar", "nowhere/questions.tsv");
    assertThatThrownBy(() -> check(tiny, "{mmstarr: x.tsv}"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("mmstarr", "mmstar");
    assertThatThrownBy(() -> check(tiny, "{mmstar: 3}"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("evaluation.questions.mmstar", "path", "3");
    assertThatThrownBy(() -> RecipeReader.bind(tiny.recipe("evaluation.form=short")))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("evaluation.form", "short", "options, open");
  }

  private static void check(TinyRun tiny, String questions) {
    RunEvaluation.check(RecipeReader.bind(tiny.recipe("evaluation.questions=" + questions)));
  }
}
