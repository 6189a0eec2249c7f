/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.result;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.dsvlm.eval.Benchmark;
import org.dsvlm.eval.BenchmarkFile;
import org.dsvlm.eval.Judging;
import org.dsvlm.eval.Scores;
import org.dsvlm.eval.table.TsvTable;

/** Scores the replies to one benchmark and writes all that comes of it. */
public final class Evaluation {
  /**
   * The result of a scoring.
   *
   * @param summary its line of the table
   * @param scores all of it
   */
  public record Outcome(Summary summary, Scores scores) {}

  private Evaluation() {}

  /**
   * Writes the predictions, scores them as they stand in that file, so that who scores the file
   * again gets the same, and writes scores and page of errors.
   *
   * @param replies by index
   */
  public static Outcome score(
      Benchmark benchmark,
      BenchmarkFile file,
      Map<String, String> replies,
      Judging judging,
      ResultFolder folder) {
    file.items(replies);
    folder.writePredictions(file, replies);
    Map<String, String> read;
    try (TsvTable predictions = TsvTable.open(folder.predictions(), Set.of())) {
      read = BenchmarkFile.predictions(predictions);
    }
    Scores scores = benchmark.score(file.items(read), judging);
    Summary summary =
        new Summary(benchmark, scores.headline(), judging.name(), read.size(), file.size());
    folder.writeScores(summary, scores, file.table());
    ErrorPage.write(folder.errors(), summary, file, read, scores);
    return new Outcome(summary, scores);
  }

  /** The replies in a file of predictions as they stand there. */
  public static Map<String, String> replies(Path predictions) {
    try (TsvTable table = TsvTable.open(predictions, Set.of())) {
      return BenchmarkFile.rawPredictions(table);
    }
  }
}
