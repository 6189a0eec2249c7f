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
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.dsvlm.eval.TestFile;
import org.dsvlm.models.llava.TinyLlava;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Questions of the user's own, asked of a model from the command line to the files of answers. */
@ExtendWith(TensorScope.class)
class OwnQuestionsTest {
  private static final Path PICTURES = Path.of("src/test/resources/pictures");
  private static final List<String> QUESTIONS =
      List.of(
          "{'question_id': 7, 'image': 'gray.png', 'text': 'What is this?', 'category': 'conv'}",
          "{'question_id': 'b', 'text': 'Who are you, and why do you ask?'}",
          "{'question_id': 9, 'image': ['gray.png', 'alpha.png'], 'text': 'Which one?'}",
          "{'question_id': 10, 'image': 'none.png', 'text': 'What is this?'}");

  private final ObjectMapper mapper = new ObjectMapper();
  @TempDir private Path folder;

  @BeforeEach
  void export() {
    TinyLlava.export(folder.resolve("model"), TinyLlava.files());
  }

  private Outcome run(String out, String... words) {
    List<String> all = new ArrayList<>(List.of("eval", "--model", folder.resolve("model") + ""));
    all.addAll(List.of("--max-new-tokens=6", "--out=" + folder.resolve(out)));
    all.addAll(List.of(words));
    return Outcome.of(all.toArray(String[]::new));
  }

  private Path questions() throws IOException {
    return Files.write(
        folder.resolve("questions.jsonl"),
        QUESTIONS.stream().map(line -> line.replace('\'', '"')).toList());
  }

  private List<JsonNode> lines(String file) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(folder.resolve(file))) {
      lines.add(mapper.readTree(line));
    }
    return lines;
  }

  @Test
  void llavasQuestionsAreAnsweredInLlavasForm() throws IOException {
    String file = "--questions=" + questions();
    Outcome outcome = run("one", file, "--images=" + PICTURES, "--batch=1");
    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.err()).contains("1 of 4 rows could not be asked", "10: image 'none.png'");
    List<JsonNode> answers = lines("one/predictions.jsonl");
    assertThat(answers)
        .extracting(line -> line.get("question_id").toString())
        .containsExactly("7", "\"b\"", "9", "10");
    assertThat(answers.get(0).properties())
        .extracting(Map.Entry::getKey)
        .containsExactly("question_id", "prompt", "text", "answer_id", "model_id", "metadata");
    assertThat(answers.get(1).get("prompt").textValue())
        .isEqualTo("Who are you, and why do you ask?");
    assertThat(answers).extracting(line -> line.get("model_id").textValue()).containsOnly("model");
    assertThat(answers.get(3).get("text").textValue()).isEmpty();

    // The answer is the model's to the picture before the words, with a line break between.
    Outcome chat =
        Outcome.of(
            "chat",
            "--model=" + folder.resolve("model"),
            "--image=" + PICTURES.resolve("gray.png"),
            "--prompt=<image>\nWhat is this?",
            "--max-new-tokens=6");
    assertThat(answers.get(0).get("text").textValue()).isNotEmpty().isEqualTo(chat.out().strip());

    Outcome together = run("four", file, "--images=" + PICTURES, "--batch=4");
    assertThat(together.code()).as(together.err()).isZero();
    for (String name : List.of("answers.jsonl", "predictions.jsonl")) {
      assertThat(folder.resolve("four").resolve(name))
          .hasSameBinaryContentAs(folder.resolve("one").resolve(name));
    }
  }

  @Test
  void imagesStartFromTheFilesOwnFolderAndARunGoesOn() throws IOException {
    for (String name : List.of("gray.png", "alpha.png")) {
      Files.copy(PICTURES.resolve(name), folder.resolve(name));
    }
    String file = "--questions=" + questions();
    assertThat(run("out", file).code()).isZero();
    byte[] whole = Files.readAllBytes(folder.resolve("out/predictions.jsonl"));
    Path log = folder.resolve("out/answers.jsonl");
    List<String> kept = Files.readAllLines(log).subList(0, 3);
    Files.writeString(log, String.join("\n", kept) + "\n{\"index\": \"9\", \"rep");
    Files.delete(folder.resolve("out/predictions.jsonl"));
    Outcome again = run("out", file);
    assertThat(again.err()).contains("4 questions, 2 to answer");
    assertThat(folder.resolve("out/predictions.jsonl")).hasBinaryContent(whole);
  }

  @Test
  void aFileOfShortAnswersIsAskedAndScored() throws IOException {
    Path data =
        TestFile.write(
            folder.resolve("own.tsv"),
            "index\timage\tquestion\tanswer\tcategory",
            "a\t" + TestFile.PICTURE + "\tWhat colour is it?\tblack\tcolour",
            "b\ta\tIs this called bread?\tno\tis_called");
    Outcome outcome = run("out", "--benchmark=exact", "--data=" + data);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.out()).contains("Exact match", "2 of 2 questions answered");
    // As LLaVA is trained, not as the leaderboard's tool asks.
    Path questions =
        Files.writeString(
            folder.resolve("own.jsonl"),
            "{\"question_id\": \"a\", \"image\": \"black.png\", \"text\": \"What colour is it?\"}");
    Files.write(folder.resolve("black.png"), Base64.getDecoder().decode(TestFile.PICTURE));
    assertThat(run("llava", "--questions=" + questions).code()).isZero();
    assertThat(lines("out/answers.jsonl").get(1).get("reply"))
        .isEqualTo(lines("llava/answers.jsonl").get(1).get("reply"));
    try (Stream<Path> files = Files.list(folder.resolve("out"))) {
      assertThat(files).extracting(path -> path.getFileName().toString()).contains("EXACT.tsv");
    }
  }
}
