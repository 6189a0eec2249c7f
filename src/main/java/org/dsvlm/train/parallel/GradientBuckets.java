/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.parallel;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.VoidTensorHook;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.distributed.ProcessGroup;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * The gradients of one stage's parameters in a few flat buffers. Each buffer is summed over the
 * processes as soon as the backward passes have filled it, while these go on with the other buffers
 * (Li et al. 2020, "PyTorch Distributed"): in a step's last micro batch or, with sharded gradients,
 * in each, so that no process ever has all of them.
 *
 * <p>A hook tells when a gradient arrives, which is just before it is added. A bucket is sent once
 * each of its parameters has a gradient of this micro batch and the next gradient arrives, or the
 * pass ends. A parameter may get more (where a checkpointed body runs several times); these are
 * late and go with the bucket's next turn, or in one of their own at the step's end. So what is
 * summed with what depends on the step alone, not on the steps before: a resumed run has the same
 * bits. Buckets are sent in one order, whatever the order in which they fill, as all processes have
 * to agree on it.
 */
final class GradientBuckets implements AutoCloseable {
  /** Sums under way beside the backward pass where each has a buffer of its own. */
  private static final int UNDER_WAY = 2;

  private record Hook(Tensor parameter, VoidTensorHook hook, int number) {}

  private final ProcessGroup group;
  private final Sharding sharding;
  private final List<GradientBucket> buckets = new ArrayList<>();
  private final List<Hook> hooks = new ArrayList<>();
  private final Deque<GradientBucket> underWay = new ArrayDeque<>();
  private GradientBucket.@Nullable Member last;
  private boolean sending;
  private int turns;
  private int sent;
  private int mostOpen;
  private @Nullable RuntimeException fault;
  private volatile boolean aside;

  /**
   * Buckets over {@code parameters}.
   *
   * @param parameters by name, in the order in which a step's backward passes come to them
   * @param bucketBytes of parameters in a bucket, unless a single one is larger
   */
  GradientBuckets(
      ProcessGroup group, Map<String, Tensor> parameters, long bucketBytes, Sharding sharding) {
    this.group = group;
    this.sharding = sharding;
    List<GradientBucket.NamedParameter> next = new ArrayList<>();
    long bytes = 0;
    for (Map.Entry<String, Tensor> entry : parameters.entrySet()) {
      Tensor parameter = entry.getValue();
      if (!parameter.is_contiguous()) {
        throw new DsVlmException(
            entry.getKey() + ": is not contiguous, so that several processes cannot train it");
      }
      long more = parameter.numel() * parameter.element_size();
      if (!next.isEmpty()
          && (bytes + more > bucketBytes || !alike(next.get(0).tensor(), parameter))) {
        add(next);
        next.clear();
        bytes = 0;
      }
      next.add(new GradientBucket.NamedParameter(entry.getKey(), parameter));
      bytes += more;
    }
    if (!next.isEmpty()) {
      add(next);
    }
  }

  private static boolean alike(Tensor one, Tensor other) {
    return one.scalar_type().intern() == other.scalar_type().intern()
        && one.device().str().getString().equals(other.device().str().getString());
  }

  private void add(List<GradientBucket.NamedParameter> parameters) {
    GradientBucket bucket = new GradientBucket(group, sharding, parameters);
    buckets.add(bucket);
    for (GradientBucket.Member member : bucket.members()) {
      // LibTorch holds the hook weakly.
      VoidTensorHook hook =
          new VoidTensorHook() {
            @Override
            public void call(TensorBase gradient) {
              arrives(member);
            }
          };
      hook.retainReference();
      hooks.add(new Hook(member.parameter(), hook, member.parameter().register_hook(hook)));
    }
  }

  List<GradientBucket> all() {
    return buckets;
  }

  /**
   * Before a step's first backward pass: all gradients are zero.
   *
   * @param microBatches of the process that has most of them in this step
   */
  synchronized void begin(int microBatches) {
    buckets.forEach(GradientBucket::begin);
    turns = sharding == Sharding.GRADIENTS ? microBatches : 1;
    sending = false;
    last = null;
  }

  /** Before each micro batch; while the {@code isLast} one runs, all full buckets are sent. */
  synchronized void beginMicroBatch(boolean isLast) {
    endMicroBatch();
    sending = isLast || sharding == Sharding.GRADIENTS;
    beginTurn();
  }

  private void beginTurn() {
    buckets.forEach(GradientBucket::beginMicroBatch);
    sent = 0;
  }

  private void endMicroBatch() {
    settle();
    if (fault != null) {
      throw fault;
    }
    if (sending) {
      sendRest();
    }
    sending = false;
  }

  private void sendRest() {
    while (sent < buckets.size()) {
      send(buckets.get(sent));
      sent++;
    }
    receive(0);
    turns--;
  }

  /**
   * Runs backward passes whose gradients are no part of the step's, and are not counted.
   *
   * @param passes takes the parameters' gradients off before, and puts the same tensors back
   */
  void aside(Runnable passes) {
    aside = true;
    try {
      passes.run();
    } finally {
      aside = false;
    }
  }

  /** Exceptions must not pass through LibTorch, which would make text of them. */
  private synchronized void arrives(GradientBucket.Member member) {
    if (aside) {
      return;
    }
    try {
      settle();
      member.bucket().arrives(member);
      last = member;
      mostOpen = Math.max(mostOpen, open());
    } catch (RuntimeException e) {
      fault = fault == null ? e : fault;
    }
  }

  private int open() {
    return (int) buckets.stream().filter(GradientBucket::isOpen).count();
  }

  /** The gradient that arrived last has been added meanwhile. */
  private void settle() {
    GradientBucket.Member member = last;
    last = null;
    if (member == null || fault != null) {
      return;
    }
    member.bucket().hasArrived(member);
    while (sending && sent < buckets.size() && buckets.get(sent).isComplete()) {
      send(buckets.get(sent));
      sent++;
    }
  }

  private void send(GradientBucket bucket) {
    if (sharding == Sharding.GRADIENTS) {
      receive(UNDER_WAY - 1);
    }
    bucket.send();
    underWay.add(bucket);
  }

  /** Waits until no more than {@code most} sums are under way. */
  private void receive(int most) {
    while (underWay.size() > most) {
      underWay.remove().receive();
    }
  }

  /**
   * After a step's last backward pass: waits until every gradient is the sum over all processes. A
   * parameter without a gradient in any process has none afterwards.
   *
   * @throws DsVlmException if a process was lost
   */
  synchronized void finish() {
    endMicroBatch();
    // Others may have more micro batches.
    while (turns > 0) {
      beginTurn();
      sendRest();
    }
    List<GradientBucket.Member> members =
        buckets.stream().flatMap(bucket -> bucket.members().stream()).toList();
    double[] marks = new double[members.size() + buckets.size()];
    for (int i = 0; i < members.size(); i++) {
      marks[i] = members.get(i).used() ? 1 : 0;
    }
    for (int i = 0; i < buckets.size(); i++) {
      marks[members.size() + i] = buckets.get(i).hasLateGradients() ? 1 : 0;
    }
    double[] counts = counts(marks);
    for (int i = 0; i < members.size(); i++) {
      members.get(i).setUsed(counts[i] > 0);
    }
    for (int i = 0; i < buckets.size(); i++) {
      if (counts[members.size() + i] > 0) {
        send(buckets.get(i));
      }
    }
    receive(0);
    buckets.forEach(GradientBucket::show);
  }

  /** Sums of whole numbers, which are exact in any order. */
  private double[] counts(double[] own) {
    if (buckets.isEmpty()) {
      return own;
    }
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor sums =
          Torch.of(own, own.length).to(new Device(buckets.get(0).device()), ScalarType.Double);
      group.sumInBackground(sums).await();
      return Torch.doubles(sums);
    }
  }

  /** The largest number of buckets so far that had a buffer beside their sums at one time. */
  int mostOpen() {
    return mostOpen;
  }

  /** After the update: drops all gradients. */
  synchronized void drop() {
    buckets.forEach(GradientBucket::drop);
  }

  @Override
  public void close() {
    for (Hook hook : hooks) {
      hook.parameter().remove_hook(hook.number());
      hook.hook().close();
    }
    hooks.clear();
    buckets.forEach(GradientBucket::close);
    buckets.clear();
  }
}
