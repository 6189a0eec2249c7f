/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.parallel;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.VoidTensorHook;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.distributed.ProcessGroup;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * The gradients of one stage's parameters in a few flat buffers. Each buffer is reduced over the
 * processes as soon as the last backward passes of a step have filled it, while these go on with
 * the other buffers (Li et al. 2020, "PyTorch Distributed").
 *
 * <p>A parameter's gradient is a view of its bucket, so nothing is copied. A hook tells when a
 * gradient arrives, which is just before it is added; a bucket is therefore taken for full when the
 * next gradient arrives, or the pass ends. How many gradients a parameter gets in a micro batch
 * (more than one where a checkpointed body runs several times) is counted in the micro batches
 * before; what has not been seen yet waits for the end of the step. Buckets are summed up in one
 * order, whatever the order in which they fill, as all processes have to agree on it.
 */
final class GradientBuckets implements AutoCloseable {
  /** A parameter and where its gradient stands. */
  static final class Member {
    private final String name;
    private final Tensor parameter;
    private final Bucket bucket;
    private final long offset;
    private final Tensor view;
    private final VoidTensorHook hook;
    private final int hookNumber;
    private int arrived;
    private int expected;
    private boolean used;

    private Member(
        GradientBuckets owner, String name, Tensor parameter, Bucket bucket, long offset) {
      this.name = name;
      this.parameter = parameter;
      this.bucket = bucket;
      this.offset = offset;
      this.view =
          Torch.keep(bucket.flat.narrow(0, offset, parameter.numel()).view(Torch.shape(parameter)));
      // LibTorch holds the hook weakly.
      this.hook =
          new VoidTensorHook() {
            @Override
            public void call(TensorBase gradient) {
              owner.arrives(Member.this);
            }
          };
      hook.retainReference();
      this.hookNumber = parameter.register_hook(hook);
    }

    String name() {
      return name;
    }

    Tensor parameter() {
      return parameter;
    }

    /** First element in the bucket. */
    long offset() {
      return offset;
    }

    /** The gradient, of the parameter's shape; a view of the bucket. */
    Tensor gradient() {
      return view;
    }

    /** Whether any process has a gradient for it, after {@link GradientBuckets#finish}. */
    boolean used() {
      return used;
    }
  }

  /** Gradients that are summed up in one go. */
  static final class Bucket {
    private final Tensor flat;
    private final List<Member> members = new ArrayList<>();
    private int incomplete;
    private ProcessGroup.@Nullable Pending sum;

    private Bucket(Tensor flat) {
      this.flat = flat;
    }

    /**
     * Its elements, rounded up to a multiple of the number of processes; those at the end may
     * belong to no parameter.
     */
    Tensor flat() {
      return flat;
    }

    List<Member> members() {
      return members;
    }
  }

  private final ProcessGroup group;
  private final boolean partsOnly;
  private final List<Bucket> buckets = new ArrayList<>();
  private @Nullable Member last;
  private boolean lastMicroBatch;
  private int summed;
  private @Nullable String fault;
  private volatile boolean aside;

  /**
   * Buckets over {@code parameters}.
   *
   * @param parameters by name, in the order in which a step's backward passes come to them
   * @param bucketBytes of a bucket, unless a single parameter is larger
   * @param partsOnly whether each process needs the sum of its own part of each bucket alone
   */
  GradientBuckets(
      ProcessGroup group, Map<String, Tensor> parameters, long bucketBytes, boolean partsOnly) {
    this.group = group;
    this.partsOnly = partsOnly;
    List<Map.Entry<String, Tensor>> open = new ArrayList<>();
    long bytes = 0;
    for (Map.Entry<String, Tensor> entry : parameters.entrySet()) {
      Tensor parameter = entry.getValue();
      if (!parameter.is_contiguous()) {
        throw new DsVlmException(
            entry.getKey() + ": is not contiguous, so that several processes cannot train it");
      }
      long more = parameter.numel() * parameter.element_size();
      if (!open.isEmpty()
          && (bytes + more > bucketBytes || !alike(open.get(0).getValue(), parameter))) {
        add(open);
        open.clear();
        bytes = 0;
      }
      open.add(entry);
      bytes += more;
    }
    if (!open.isEmpty()) {
      add(open);
    }
  }

  private static boolean alike(Tensor one, Tensor other) {
    return one.scalar_type().intern() == other.scalar_type().intern()
        && one.device().str().getString().equals(other.device().str().getString());
  }

  private void add(List<Map.Entry<String, Tensor>> parameters) {
    long length = parameters.stream().mapToLong(entry -> entry.getValue().numel()).sum();
    long padded = (length + group.size() - 1) / group.size() * group.size();
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor first = parameters.get(0).getValue();
      ScalarType dtype = first.scalar_type().intern();
      String device = first.device().str().getString();
      Bucket bucket =
          new Bucket(Torch.keep(torch.zeros(new long[] {padded}, Torch.options(dtype, device))));
      long offset = 0;
      for (Map.Entry<String, Tensor> entry : parameters) {
        bucket.members.add(new Member(this, entry.getKey(), entry.getValue(), bucket, offset));
        offset += entry.getValue().numel();
      }
      buckets.add(bucket);
    }
  }

  List<Bucket> all() {
    return buckets;
  }

  /** Before a step's first backward pass: all gradients are zero. */
  synchronized void begin() {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      for (Bucket bucket : buckets) {
        bucket.flat.zero_();
        for (Member member : bucket.members) {
          member.parameter.mutable_grad().put(member.view);
          member.used = false;
        }
      }
    }
    summed = 0;
  }

  /** Before each micro batch; while the {@code last} one runs, full buckets are reduced. */
  synchronized void beginMicroBatch(boolean isLast) {
    endMicroBatch();
    lastMicroBatch = isLast;
  }

  private void endMicroBatch() {
    settle();
    for (Bucket bucket : buckets) {
      bucket.incomplete = bucket.members.size();
      for (Member member : bucket.members) {
        member.expected = Math.max(member.expected, member.arrived);
        member.arrived = 0;
      }
    }
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

  /** A gradient of {@code member} is about to be added; those before it have been. */
  private synchronized void arrives(Member member) {
    if (aside) {
      return;
    }
    settle();
    member.used = true;
    member.arrived++;
    last = member;
    if (member.bucket.sum != null) {
      fault = member.name;
    }
  }

  private void settle() {
    Member member = last;
    last = null;
    if (member == null || !lastMicroBatch || member.arrived != member.expected) {
      return;
    }
    member.bucket.incomplete--;
    while (summed < buckets.size() && buckets.get(summed).incomplete == 0) {
      sumNext();
    }
  }

  private void sumNext() {
    Bucket bucket = buckets.get(summed);
    bucket.sum =
        partsOnly ? group.sumPartInBackground(bucket.flat) : group.sumInBackground(bucket.flat);
    summed++;
  }

  /**
   * After a step's last backward pass: waits until every gradient is the sum over all processes. A
   * parameter without a gradient in any process has none afterwards.
   *
   * @throws DsVlmException if a process was lost
   */
  synchronized void finish() {
    endMicroBatch();
    lastMicroBatch = false;
    while (summed < buckets.size()) {
      sumNext();
    }
    for (Bucket bucket : buckets) {
      Objects.requireNonNull(bucket.sum).await();
      bucket.sum = null;
    }
    if (fault != null) {
      throw new DsVlmException(
          fault + ": got more gradients in this micro batch than in any before");
    }
    List<Member> members = buckets.stream().flatMap(bucket -> bucket.members.stream()).toList();
    double[] uses =
        group.sum(members.stream().mapToDouble(member -> member.used ? 1 : 0).toArray());
    for (int i = 0; i < uses.length; i++) {
      Member member = members.get(i);
      member.used = uses[i] > 0;
      if (!member.used) {
        member.parameter.mutable_grad().reset();
      }
    }
  }

  /** After the update: drops all gradients. */
  void drop() {
    buckets.forEach(
        bucket -> bucket.members.forEach(member -> member.parameter.mutable_grad().reset()));
  }

  @Override
  public void close() {
    for (Bucket bucket : buckets) {
      for (Member member : bucket.members) {
        member.parameter.remove_hook(member.hookNumber);
        member.parameter.mutable_grad().reset();
        member.hook.close();
        member.view.close();
      }
      bucket.flat.close();
    }
    buckets.clear();
  }
}
