/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.dsvlm.eval.Benchmark;
import org.dsvlm.eval.BenchmarkFile;
import org.dsvlm.eval.ClosedAnswer;
import org.dsvlm.eval.ExactMatch;
import org.dsvlm.eval.Question;
import org.dsvlm.eval.QuestionPart;
import org.dsvlm.eval.Questions;
import org.dsvlm.eval.table.Row;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.train.recipe.EvaluationKeys;

/**
 * The questions of a benchmark's file in one of two forms: as the leaderboard asks them, or openly,
 * which is the question's first line alone, once for all orders of its options. An open reply is
 * right if it is the right option's text, letter case and a full stop aside.
 */
final class AskedFile implements Questions {
  private final Benchmark benchmark;
  private final BenchmarkFile file;
  private final boolean open;
  private final int[] positions;

  /** The questions of {@code file}, which stays the caller's, in the recipe's form. */
  AskedFile(Benchmark benchmark, BenchmarkFile file, String form) {
    this.benchmark = benchmark;
    this.file = file;
    this.open = form.equals(EvaluationKeys.OPEN);
    this.positions =
        IntStream.range(0, file.size())
            .filter(i -> !open || !benchmark.isRotation(row(file.index(i))))
            .toArray();
  }

  private Row row(String index) {
    return Objects.requireNonNull(file.rows().get(index), index);
  }

  /** Whether the options are left out. */
  boolean isOpen() {
    return open;
  }

  @Override
  public int size() {
    return positions.length;
  }

  @Override
  public String index(int position) {
    return file.index(positions[position]);
  }

  @Override
  public Question get(int position) {
    Question whole = file.get(positions[position]);
    if (!open) {
      return whole;
    }
    List<QuestionPart> parts = new ArrayList<>();
    whole.pictures().forEach(picture -> parts.add(new QuestionPart.Image(picture)));
    String text = row(whole.index()).require("question");
    parts.add(new QuestionPart.Text(text.lines().findFirst().orElse(text)));
    return new Question(whole.index(), parts);
  }

  /**
   * The replies with what would have been right.
   *
   * @throws DsVlmException if the benchmark has questions without given answers
   */
  List<ClosedAnswer> answers(Map<String, String> replies) {
    List<ClosedAnswer> closed = benchmark.closed(file.items(replies));
    if (closed.isEmpty()) {
      throw new DsVlmException(
          String.format(
                  Locale.ROOT,
                  "recipe: evaluation.questions: %s has questions without given answers, so there is no",
                  benchmark.key())
              + " chance to compare with; ask them by dsvlm eval");
    }
    if (!open) {
      return closed;
    }
    return closed.stream()
        .map(
            answer ->
                new ClosedAnswer(
                    answer.index(),
                    answer.category(),
                    answer.options(),
                    answer.right(),
                    ExactMatch.isRight(replies.getOrDefault(answer.index(), ""), answer.right())))
        .toList();
  }

  /** The file stays open. */
  @Override
  public void close() {}
}
