/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.parallel;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.data.RecordLedger;
import org.dsvlm.distributed.Ranks;
import org.dsvlm.train.optim.GradientClipping;
import org.dsvlm.train.optim.ParameterGroup;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.weights.WeightSource;

/**
 * Training on several processes at once, each of which has the whole model and goes through some of
 * a step's micro batches. Losses are normalised by what the step holds in all of them, so the
 * gradients simply add up.
 */
public final class DataParallel implements GradientExchange {
  private static final double MEBIBYTE = 1 << 20;

  private final Ranks ranks;
  private final List<ParameterGroup> groups;
  private final GradientBuckets buckets;
  private final StateShards shards;
  private final RecordLedger ledger;

  /**
   * Of one stage.
   *
   * @param groups what is trained
   * @param order the same parameters as a step's backward passes come to them
   * @param ledger of this process's bad records
   */
  public DataParallel(
      Ranks ranks,
      Recipe.Distributed settings,
      List<ParameterGroup> groups,
      Map<String, Tensor> order,
      RecordLedger ledger) {
    this.ranks = ranks;
    this.ledger = ledger;
    boolean sharded = settings.shardOptimizer();
    this.buckets =
        new GradientBuckets(ranks, order, (long) (settings.bucketMebibytes() * MEBIBYTE), sharded);
    this.shards = sharded ? new StateShards(ranks, buckets) : null;
    this.groups = sharded ? shards.groups(groups) : groups;
  }

  @Override
  public List<ParameterGroup> groups() {
    return groups;
  }

  @Override
  public Tensor portion(String name, Tensor whole) {
    return shards == null ? whole : shards.portion(name, whole);
  }

  @Override
  public double[] begin(double... counts) {
    buckets.begin();
    return ranks.sum(counts);
  }

  @Override
  public void beginMicroBatch(boolean last) {
    buckets.beginMicroBatch(last);
  }

  @Override
  public void finishGradients() {
    buckets.finish();
    if (shards != null) {
      shards.showGradients();
    }
  }

  /**
   * Without shards every process has all gradients. The first one's norms are taken nevertheless:
   * where machines differ, so may the last bits, and the parameters have to stay alike.
   */
  @Override
  public GradientClipping.Norms norms(GradientClipping own, double[] ofEach) {
    double[] squares = own.squares(ofEach);
    boolean counts = shards != null || ranks.isFirst();
    return own.norms(ranks.sum(counts ? squares : new double[squares.length]));
  }

  @Override
  public StepLosses.Figures gather(StepLosses.Figures own) {
    double total = ranks.sum(own.total())[0];
    List<StepReport> reports =
        ranks.report(() -> new StepReport(own, ledger.takeUnsent()).text()).stream()
            .map(StepReport::parse)
            .toList();
    reports.forEach(report -> report.badRecords().forEach(ledger::add));
    return StepReport.sum(reports, total);
  }

  @Override
  public void updated() {
    if (shards != null) {
      shards.gatherParameters();
    }
  }

  @Override
  public void drop() {
    buckets.drop();
  }

  @Override
  public boolean any(boolean stop) {
    return ranks.any(stop);
  }

  @Override
  public void write(Map<String, Tensor> state, Consumer<WeightSource> writer) {
    if (shards != null) {
      shards.write(state, writer);
    } else if (ranks.isFirst()) {
      GradientExchange.super.write(state, writer);
    }
  }

  @Override
  public void close() {
    if (shards != null) {
      shards.close();
    }
    buckets.close();
  }
}
