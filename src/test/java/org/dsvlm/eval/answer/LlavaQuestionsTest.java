/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.answer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LlavaQuestionsTest {
  private static final Path PICTURES = Path.of("src/test/resources/pictures");

  @TempDir Path folder;

  private LlavaQuestions open(String... lines) throws IOException {
    Path file = Files.write(folder.resolve("questions.jsonl"), List.of(lines));
    return LlavaQuestions.open(file, PICTURES);
  }

  @Test
  void readsQuestionsAndWritesAnswersInLlavasForm() throws IOException {
    Path target = folder.resolve("answers.jsonl");
    try (LlavaQuestions questions =
        open(
            "{\"question_id\": 7, \"image\": \"gray.png\", \"text\": \"What?\", \"category\": 1}",
            "",
            "{\"question_id\": \"b\", \"image\": [\"gray.png\", \"none.png\"], \"text\": \"Two?\"}",
            "{\"question_id\": \"c\", \"text\": \"Which?\"}")) {
      assertThat(questions.size()).isEqualTo(3);
      assertThat(AskedText.LLAVA.of(questions.get(0))).isEqualTo("<image>\nWhat?");
      assertThat(AskedText.LLAVA.of(questions.get(1))).isEqualTo("<image>\n<image>\nTwo?");
      assertThat(AskedText.LLAVA.of(questions.get(2))).isEqualTo("Which?");
      assertThat(questions.get(0).pictures().get(0).picture().width()).isPositive();
      assertThatThrownBy(() -> questions.get(1).pictures().get(1).picture())
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("image 'none.png' below " + PICTURES);
      questions.writeAnswers(target, "tiny", Map.of("7", "a \"cat\"", "b", "", "c", "é"));
    }
    List<String> lines = Files.readAllLines(target);
    assertThat(lines).hasSize(3);
    assertThat(lines.get(0))
        .startsWith("{\"question_id\":7,\"prompt\":\"What?\",\"text\":\"a \\\"cat\\\"\",")
        .contains("\"model_id\":\"tiny\"")
        .endsWith("\"metadata\":{}}");
    assertThat(lines.get(2)).contains("\"question_id\":\"c\"", "\"text\":\"é\"");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"text\": \"a\"} | question_id has to be a text or a whole number",
        "{\"question_id\": 1} | text is missing",
        "{\"question_id\": 1, \"text\": \"a\", \"image\": 3} | image is 3, no path",
        "{\"question_id\": 1, \"text\": | is no JSON",
        "[1] | is no JSON object",
        "{\"question_id\": 0, \"text\": \"a\"} | question_id 0 stands in the file twice"
      })
  void anUnsoundLineIsNamed(String line, String message) {
    assertThatThrownBy(() -> open("{\"question_id\": 0, \"text\": \"a\"}", line))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("questions.jsonl: line 2")
        .hasMessageContaining(message);
  }
}
