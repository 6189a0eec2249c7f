/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.dsvlm.data.NotoQuestions.Question;
import org.dsvlm.data.NotoQuestions.QuestionType;
import org.dsvlm.image.Png;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.RandomState;
import org.jspecify.annotations.Nullable;

/**
 * The questions about the Noto pictures that training holds out, as a TSV file with the columns
 * {@code index}, {@code image} (base64, or the index of the row that holds the picture), {@code
 * question}, {@code answer} and {@code category}. Names are left out: a model cannot know those of
 * pictures that it has not seen. The file is the same each time.
 */
public final class NotoQuestionFile {
  private NotoQuestionFile() {}

  /**
   * Writes the file.
   *
   * @return how many questions it holds
   * @throws DsVlmException if it cannot be written
   */
  public static int write(Path file, NotoArchive archive) {
    NotoQuestions questions = new NotoQuestions(archive.emoji());
    RandomState random = new RandomState(0).fork("noto questions");
    StringBuilder text =
        new StringBuilder(line("index", "image", "question", "answer", "category"));
    int count = 0;
    for (NotoEmoji emoji : archive.emoji()) {
      if (NotoSource.Split.HELD_OUT.holds(emoji)) {
        @Nullable String holder = null;
        for (Question question : known(questions.about(emoji, random.fork(emoji.code())))) {
          String category = question.kind().name().toLowerCase(Locale.ROOT);
          String index = emoji.code() + "/" + category;
          String image = holder == null ? png(archive, emoji) : holder;
          text.append(line(index, image, question.question(), question.answer(), category));
          holder = holder == null ? index : holder;
          count++;
        }
      }
    }
    AtomicFiles.text(file, text.toString());
    return count;
  }

  private static List<Question> known(List<List<Question>> conversations) {
    return conversations.stream()
        .flatMap(List::stream)
        .filter(question -> question.kind() != QuestionType.NAME)
        .toList();
  }

  private static String png(NotoArchive archive, NotoEmoji emoji) {
    try {
      return Base64.getEncoder().encodeToString(Png.bytes(archive.picture(emoji).toImage()));
    } catch (IOException e) {
      throw new DsVlmException("the picture of " + emoji.code() + ": " + e.getMessage(), e);
    }
  }

  /** Every cell quoted, as names of emoji hold quotes. */
  private static String line(String... cells) {
    return Stream.of(cells)
            .map(cell -> '"' + cell.replace("\"", "\"\"") + '"')
            .collect(Collectors.joining("\t"))
        + "\n";
  }
}
