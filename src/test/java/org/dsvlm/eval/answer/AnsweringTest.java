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
import org.dsvlm.distributed.ProcessGroup;
import org.dsvlm.eval.EncodedPicture;
import org.dsvlm.eval.Question;
import org.dsvlm.eval.QuestionPart;
import org.dsvlm.eval.Questions;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.llava.LlavaChat;
import org.dsvlm.models.llava.LlavaChatOptions;
import org.dsvlm.models.llava.TinyLlava;
import org.dsvlm.testing.TensorScope;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(TensorScope.class)
class AnsweringTest {
  private static final Path PICTURES = Path.of("src/test/resources/pictures");
  private static final int QUESTIONS = 19;
  private static final int BROKEN = 5;
  private static final int LONG = 11;

  @TempDir Path temporary;
  private Path model;

  @BeforeEach
  void export() {
    model = temporary.resolve("model");
    TinyLlava.export(model, TinyLlava.files());
  }

  /** Questions with none, one or two pictures; one's is broken, one is too long. */
  private static final class Asked implements Questions {
    @Override
    public int size() {
      return QUESTIONS;
    }

    @Override
    public String index(int position) {
      return "row" + position;
    }

    @Override
    public Question get(int position) {
      String words = "What is " + "this ".repeat(position == LONG ? 5000 : position % 4) + "?";
      QuestionPart text = new QuestionPart.Text(words);
      QuestionPart gray = new QuestionPart.Image(picture(position, "gray.png"));
      QuestionPart alpha = new QuestionPart.Image(picture(position, "alpha.png"));
      List<QuestionPart> parts =
          switch (position % 3) {
            case 0 -> List.of(text);
            case 1 -> List.of(gray, text);
            default -> List.of(alpha, gray, text);
          };
      return new Question(index(position), parts);
    }

    private EncodedPicture picture(int position, String name) {
      return new EncodedPicture() {
        @Override
        public byte[] bytes() {
          try {
            byte[] bytes = Files.readAllBytes(PICTURES.resolve(name));
            return position == BROKEN ? new byte[] {1, 2, 3} : bytes;
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
        }

        @Override
        public String where() {
          return "row " + position + ", column 'image'";
        }
      };
    }

    @Override
    public void close() {}
  }

  private Answering.Outcome answer(Path folder, int together, double temperature) {
    try (LlavaChat chat = LlavaChat.open(model, LlavaChatOptions.DEFAULTS)) {
      Answering.Options options =
          new Answering.Options(
              chat.settings().withMaxNewTokens(20).withSampling(temperature, 0, 1, 4),
              together,
              AskedText.LEADERBOARD);
      return new Answering(folder, Map.of("model", "tiny"), options, ProcessGroup.alone())
          .run(chat, new Asked(), AnswerListener.NONE);
    }
  }

  @Test
  void repliesDoNotHangOnTheBatch() throws IOException {
    for (double temperature : new double[] {0, 1}) {
      Path first = temporary.resolve("one" + temperature);
      Answering.Outcome one = answer(first, 1, temperature);
      assertThat(one.replies()).hasSize(QUESTIONS);
      assertThat(one.replies().keySet()).startsWith("row0", "row1", "row2");
      assertThat(one.replies().values().stream().distinct()).hasSizeGreaterThan(QUESTIONS / 4);
      for (int together : new int[] {4, 16}) {
        Path folder = temporary.resolve(together + "t" + temperature);
        assertThat(answer(folder, together, temperature)).isEqualTo(one);
        assertThat(folder.resolve(Answering.FILE))
            .hasSameBinaryContentAs(first.resolve(Answering.FILE));
      }
    }
  }

  @Test
  void aRowThatCannotBeAskedIsNamedAndDoesNotEndTheRun() {
    Answering.Outcome outcome = answer(temporary.resolve("out"), 4, 0);
    assertThat(outcome.failures()).containsOnlyKeys("row" + BROKEN, "row" + LONG);
    assertThat(outcome.failures().get("row" + BROKEN)).contains("row 5, column 'image'");
    assertThat(outcome.failures().get("row" + LONG)).contains("leaves no room for an answer");
    assertThat(outcome.replies()).containsEntry("row" + BROKEN, "").containsEntry("row" + LONG, "");
    assertThat(outcome.replies().values().stream().filter(String::isEmpty)).hasSize(2);
  }

  /** Cut anywhere, in a line too, and with what another process wrote beside it. */
  @Test
  void aRunThatWasCutOffGoesOnToTheSameFile() throws IOException {
    Path whole = temporary.resolve("whole");
    Answering.Outcome expected = answer(whole, 4, 0);
    byte[] bytes = Files.readAllBytes(whole.resolve(Answering.FILE));
    for (int cut : new int[] {0, 1, 40, bytes.length / 3, bytes.length / 2, bytes.length - 1}) {
      Path folder = Files.createDirectories(temporary.resolve("cut" + cut));
      Files.write(folder.resolve(Answering.FILE), java.util.Arrays.copyOf(bytes, cut));
      assertThat(answer(folder, 16, 0)).as("cut at %d", cut).isEqualTo(expected);
      assertThat(Files.readAllBytes(folder.resolve(Answering.FILE))).isEqualTo(bytes);
    }
    List<String> lines = Files.readAllLines(whole.resolve(Answering.FILE));
    Path shared = Files.createDirectories(temporary.resolve("shared"));
    Files.writeString(shared.resolve(Answering.FILE), lines.get(0) + "\n" + lines.get(7) + "\n");
    Files.writeString(
        shared.resolve("answers-1.jsonl"), lines.get(0) + "\n" + lines.get(3) + "\n{\"index");
    assertThat(answer(shared, 3, 0)).isEqualTo(expected);
    assertThat(Files.readAllBytes(shared.resolve(Answering.FILE))).isEqualTo(bytes);
    assertThat(shared.resolve("answers-1.jsonl")).doesNotExist();
  }

  @Test
  void repliesOfAnotherEvaluationAreRefused() throws IOException {
    Path folder = temporary.resolve("out");
    answer(folder, 4, 0);
    byte[] before = Files.readAllBytes(folder.resolve(Answering.FILE));
    assertThatThrownBy(() -> answer(folder, 4, 0.5))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("answers.jsonl: holds replies of another evaluation")
        .hasMessageContaining("temperature is 0.0, not 0.5; name another --out");
    assertThat(Files.readAllBytes(folder.resolve(Answering.FILE))).isEqualTo(before);
    Files.writeString(
        folder.resolve(Answering.FILE),
        Files.readString(folder.resolve(Answering.FILE)).replace("{\"index\":\"row4\"", "{\"in\""));
    assertThatThrownBy(() -> answer(folder, 4, 0))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("answers.jsonl: line 6 is no reply");
  }
}
