/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.parallel;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.data.RecordLedger;
import org.dsvlm.distributed.ProcessGroup;
import org.dsvlm.io.OpenState;
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

  private static final String BAD_RECORDS = "bad records";

  private final ProcessGroup group;
  private final String device;
  private final OpenState open = new OpenState("the exchange of gradients");
  private boolean finished;
  private final NamedSums sums;
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
    Sharding sharding = Sharding.ofZero(settings.zero());
    this.device =
        order.values().stream()
            .findFirst()
            .map(first -> first.device().str().getString())
            .orElse("cpu");
    this.sums = new NamedSums(group, device);
    this.buckets =
        new GradientBuckets(group, order, (long) (settings.bucketMebibytes() * MEBIBYTE), sharding);
    this.shards = sharding == Sharding.NOTHING ? null : new StateShards(group, buckets);
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
  public double[] begin(int microBatches, double... counts) {
    open.require();
    double[] own = Arrays.copyOf(counts, counts.length + group.size());
    own[counts.length + group.rank()] = microBatches;
    double[] all = group.sum(device, own);
    double most = Arrays.stream(all, counts.length, all.length).max().orElse(microBatches);
    buckets.begin((int) most);
    finished = false;
    return Arrays.copyOf(all, counts.length);
  }

  @Override
  public void beginMicroBatch(boolean last) {
    open.require();
    buckets.beginMicroBatch(last);
  }

  @Override
  public void aside(Runnable passes) {
    open.require();
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
    return group.sum(device, values);
  }

  @Override
  public void finishGradients() {
    open.require();
    if (finished) {
      return;
    }
    finished = true;
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
  public StepTotals gather(StepLosses.Figures own, GradientClipping clipping, double[] normOfEach) {
    open.require();
    Map<String, Double> squares = clipping.squares(normOfEach);
    if (shards == null && !group.isFirst()) {
      squares.replaceAll((part, square) -> 0.0);
    }
    List<String> badRecords = ledger.takeUnsent();
    Map<String, Double> summands = StepTotals.summands(own, squares);
    summands.put(BAD_RECORDS, (double) badRecords.size());
    Map<String, Double> totals = sums.of(summands);
    if (totals.getOrDefault(BAD_RECORDS, 0.0) > 0) {
      group.report(() -> String.join("\n", badRecords)).stream()
          .flatMap(String::lines)
          .forEach(ledger::add);
    }
    return StepTotals.of(totals);
  }

  @Override
  public void updated() {
    open.require();
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
    return group.sum(device, stop ? 1 : 0)[0] > 0;
  }

  @Override
  public void write(Map<String, Tensor> state, Consumer<WeightSource> writer) {
    open.require();
    if (shards != null) {
      shards.write(state, writer);
    } else if (group.isFirst()) {
      GradientExchange.super.write(state, writer);
    }
  }

  @Override
  public void close() {
    if (!open.close()) {
      return;
    }
    if (shards != null) {
      shards.close();
    }
    buckets.close();
  }
}
