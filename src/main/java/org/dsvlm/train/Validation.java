/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.dsvlm.data.Batch;
import org.dsvlm.data.BatchMaker;
import org.dsvlm.data.RecordSource;
import org.dsvlm.train.parallel.GradientExchange;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.recipe.ValidationKeys;
import org.dsvlm.train.run.Measurement;
import org.jspecify.annotations.Nullable;

/**
 * Evaluates the losses on records that a stage does not train on: always the same records, each
 * with the same timestep and noise. Processes share the records. A run gives the same bits with and
 * without, but for what patience ends.
 */
final class Validation implements AutoCloseable {
  /** Key of the weighted sum of the losses, and with a loss's name after it of that loss. */
  static final String LOSS = "validation_loss";

  private final ValidationKeys settings;
  private final int microBatchSize;
  private final long total;
  private final RecordSource records;
  private final BatchMaker maker;
  private final GradientAccumulation losses;
  private final GradientExchange exchange;
  private final int rank;
  private final int processes;
  private double best = Double.POSITIVE_INFINITY;
  private long bestStep = -1;
  private int withoutBetter;
  private boolean improved;

  /**
   * Of one stage.
   *
   * @param total steps of the stage
   * @param records to evaluate; closed with this
   * @param maker of batches of them
   */
  Validation(
      Recipe recipe,
      int stage,
      long total,
      RecordSource records,
      BatchMaker maker,
      GradientAccumulation losses,
      GradientExchange exchange,
      int rank,
      int processes) {
    this.settings = recipe.validation();
    this.microBatchSize = recipe.stage(stage).microBatchSize();
    this.total = total;
    this.records = records;
    this.maker = maker;
    this.losses = losses;
    this.exchange = exchange;
    this.rank = rank;
    this.processes = processes;
  }

  /**
   * Takes note of an evaluation before the run was resumed.
   *
   * @param stageStep steps of the stage done then
   */
  void restore(long stageStep, double loss) {
    judge(stageStep, loss);
    improved = false;
  }

  /**
   * The losses after a step.
   *
   * @param stageStep steps of the stage done before it
   * @param good whether it was not skipped; else the model may be beyond repair, and is not judged
   */
  Measurement after(long stageStep, boolean good) {
    improved = false;
    long done = stageStep + 1;
    if (done % settings.everySteps() != 0 && done != total) {
      return Measurement.NONE;
    }
    Map<String, Double> figures = new LinkedHashMap<>();
    double all = 0;
    for (Loss loss : sums()) {
      double mean = loss.sum / loss.count;
      if (loss.count > 0) {
        figures.put(LOSS + "_" + loss.name, mean);
        all += loss.weight * mean;
      }
    }
    figures.put(LOSS, all);
    if (good) {
      judge(done, all);
    }
    return new Measurement(figures, Map.of(), 0);
  }

  /**
   * One loss over some records.
   *
   * @param sum of its means over batches, each times {@code count}
   * @param count answer tokens or pictures
   */
  record Loss(String name, double weight, double sum, double count) {}

  private List<Loss> sums() {
    int count = Math.min(settings.records(), records.size());
    List<Loss> sums = new ArrayList<>(losses.evaluate(null));
    for (int first = rank * microBatchSize; first < count; first += processes * microBatchSize) {
      try (Batch batch = maker.make(first, Math.min(microBatchSize, count - first))) {
        List<Loss> own = losses.evaluate(batch);
        for (int i = 0; i < own.size(); i++) {
          Loss sum = sums.get(i);
          Loss more = own.get(i);
          sums.set(i, new Loss(sum.name, sum.weight, sum.sum + more.sum, sum.count + more.count));
        }
      }
    }
    double[] values = new double[2 * sums.size()];
    for (int i = 0; i < sums.size(); i++) {
      values[2 * i] = sums.get(i).sum;
      values[2 * i + 1] = sums.get(i).count;
    }
    double[] everywhere = exchange.sum(values);
    for (int i = 0; i < sums.size(); i++) {
      Loss sum = sums.get(i);
      sums.set(i, new Loss(sum.name, sum.weight, everywhere[2 * i], everywhere[2 * i + 1]));
    }
    return sums;
  }

  private void judge(long done, double loss) {
    improved = loss < best;
    if (improved) {
      best = loss;
      bestStep = done;
      withoutBetter = 0;
    } else {
      withoutBetter++;
    }
  }

  /** Whether the evaluation after the latest step has the lowest loss of the stage so far. */
  boolean improved() {
    return improved;
  }

  /** Steps of the stage done at the evaluation with the lowest loss; −1 before the first one. */
  long bestStep() {
    return bestStep;
  }

  /** Whether so many evaluations in a row brought no better loss that the stage ends. */
  boolean exhausted() {
    return settings.patience() > 0 && withoutBetter >= settings.patience();
  }

  /** Whether {@code validation} ends its stage now; there may be none. */
  static boolean isExhausted(@Nullable Validation validation) {
    return validation != null && validation.exhausted();
  }

  @Override
  public void close() {
    records.close();
  }
}
