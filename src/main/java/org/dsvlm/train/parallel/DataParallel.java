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
import org.dsvlm.distributed.ProcessGroup;
import org.dsvlm.train.optim.GradientClipping;
import org.dsvlm.train.optim.ParameterGroup;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.weights.WeightSource;
import org.jspecify.annotations.Nullable;

/**
 * Training on several processes. Each has the whole model and computes some of a step's micro
 * batches. Losses are normalised by the step's totals over all processes, so the gradients simply
 * add up.
 */
public final class DataParallel implements GradientExchange {
  private static final double MEBIBYTE = 1 << 20;

  private final ProcessGroup group;
  private final List<ParameterGroup> groups;
  private final GradientBuckets buckets;
  private final @Nullable StateShards shards;
  private final RecordLedger ledger;

  /**
   * Of one stage.
   *
   * @param groups what is trained
   * @param order the same parameters as a step's backward passes come to them
   * @param ledger of this process's bad records
   */
  public DataParallel(
      ProcessGroup group,
      Recipe.Distributed settings,
      List<ParameterGroup> groups,
      Map<String, Tensor> order,
      RecordLedger ledger) {
    this.group = group;
    this.ledger = ledger;
    boolean sharded = settings.shardOptimizer();
    this.buckets =
        new GradientBuckets(group, order, (long) (settings.bucketMebibytes() * MEBIBYTE), sharded);
    this.shards = sharded ? new StateShards(group, buckets) : null;
    this.groups = shards == null ? groups : shards.groups(groups);
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
    return group.sum(counts);
  }

  @Override
  public void beginMicroBatch(boolean last) {
    buckets.beginMicroBatch(last);
  }

  @Override
  public void aside(Runnable passes) {
    buckets.aside(passes);
  }

  @Override
  public void sum(List<Tensor> tensors) {
    List<ProcessGroup.Pending> pending =
        tensors.stream().map(tensor -> group.sumInBackground(tensor.view(tensor.numel()))).toList();
    pending.forEach(ProcessGroup.Pending::await);
  }

  @Override
  public double[] sum(double... values) {
    return group.sum(values);
  }

  @Override
  public void finishGradients() {
    buckets.finish();
    if (shards != null) {
      shards.showGradients();
    }
  }

  /**
   * Without shards every process has all gradients. All of them use the first process's norms
   * nevertheless: the last bits may differ between machines, and the parameters have to stay equal.
   */
  @Override
  public GradientClipping.Norms norms(GradientClipping own, double[] ofEach) {
    double[] squares = own.squares(ofEach);
    boolean counts = shards != null || group.isFirst();
    return own.norms(group.sum(counts ? squares : new double[squares.length]));
  }

  @Override
  public StepLosses.Figures gather(StepLosses.Figures own) {
    double total = group.sum(own.total())[0];
    List<StepReport> reports =
        group.report(() -> new StepReport(own, ledger.takeUnsent()).text()).stream()
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
    return group.any(stop);
  }

  @Override
  public void write(Map<String, Tensor> state, Consumer<WeightSource> writer) {
    if (shards != null) {
      shards.write(state, writer);
    } else if (group.isFirst()) {
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
