/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.parallel;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.distributed.ProcessGroup;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * Gradients that are summed over the processes in one go. They lie one after the other in a buffer,
 * float32 where the parameters are bfloat16, and each parameter's gradient is a view of it:
 * autograd adds to what it finds there, in the buffer's type.
 *
 * <p>Without sharded gradients there is one resident buffer. With them a buffer is opened when a
 * gradient arrives, and freed once its sum over the processes was added to this process's part.
 */
final class GradientBucket implements AutoCloseable {
  /** A parameter and where its gradient stands. */
  static final class Member {
    private final String name;
    private final Tensor parameter;
    private final GradientBucket bucket;
    private final long offset;
    private boolean arrived;
    private boolean used;

    private Member(String name, Tensor parameter, GradientBucket bucket, long offset) {
      this.name = name;
      this.parameter = parameter;
      this.bucket = bucket;
      this.offset = offset;
    }

    String name() {
      return name;
    }

    Tensor parameter() {
      return parameter;
    }

    GradientBucket bucket() {
      return bucket;
    }

    /** First element in the bucket. */
    long offset() {
      return offset;
    }

    /** Whether any process has a gradient for it, after {@link GradientBuckets#finish}. */
    boolean used() {
      return used;
    }

    void setUsed(boolean used) {
      this.used = used;
    }

    /** Its elements of {@code flat}, a tensor of the bucket's length, in its own shape. */
    Tensor in(Tensor flat) {
      return flat.narrow(0, offset, parameter.numel()).view(Torch.shape(parameter));
    }
  }

  private final ProcessGroup group;
  private final Sharding sharding;
  private final List<Member> members = new ArrayList<>();
  private final ScalarType dtype;
  private final String device;
  private final long length;

  /** The sums: of this process's part with sharded gradients, or else the resident buffer. */
  private final Tensor sums;

  /** Gradients arrive here. */
  private @Nullable Tensor open;

  /** Is being summed over the processes. */
  private @Nullable Tensor leaving;

  private ProcessGroup.@Nullable Pending pending;
  private int missing;
  private boolean left;

  /** Of {@code parameters}, which have one type and one device. */
  GradientBucket(ProcessGroup group, Sharding sharding, List<NamedParameter> parameters) {
    this.group = group;
    this.sharding = sharding;
    long offset = 0;
    for (NamedParameter parameter : parameters) {
      members.add(new Member(parameter.name(), parameter.tensor(), this, offset));
      offset += parameter.tensor().numel();
    }
    int parts = group.size();
    this.length = (offset + parts - 1) / parts * parts;
    Tensor first = parameters.get(0).tensor();
    this.dtype = typeOfSums(first);
    this.device = first.device().str().getString();
    this.sums = zeros(sharding == Sharding.GRADIENTS ? length / parts : length);
  }

  /** A trained parameter and its name. */
  record NamedParameter(String name, Tensor tensor) {}

  /** The type in which gradients of {@code parameter} add up. */
  static ScalarType typeOfSums(Tensor parameter) {
    ScalarType own = parameter.scalar_type().intern();
    return own == ScalarType.BFloat16 ? ScalarType.Float : own;
  }

  private Tensor zeros(long elements) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      return Torch.keep(torch.zeros(new long[] {elements}, Torch.options(dtype, device)));
    }
  }

  List<Member> members() {
    return members;
  }

  /** Its elements: those of the members, rounded up to a multiple of the number of processes. */
  long length() {
    return length;
  }

  /** Elements of each process's part. */
  long partLength() {
    return length / group.size();
  }

  String device() {
    return device;
  }

  /** The gradients of this process's part, once they are reduced; in the caller's scope. */
  Tensor ownPart() {
    return sharding == Sharding.GRADIENTS ? sums : ownPart(sums);
  }

  private Tensor ownPart(Tensor flat) {
    return flat.narrow(0, group.rank() * partLength(), partLength());
  }

  /** Before a step's first backward pass: all gradients are zero. */
  void begin() {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      sums.zero_();
    }
    if (sharding != Sharding.GRADIENTS) {
      receiveIn(sums);
    }
    members.forEach(member -> member.used = false);
  }

  /** Before a micro batch's first backward pass. */
  void beginMicroBatch() {
    members.forEach(member -> member.arrived = false);
    missing = members.size();
    left = false;
  }

  /** A gradient of {@code member} is about to be added. */
  void arrives(Member member) {
    member.used = true;
    if (open == null) {
      receiveIn(zeros(length));
    }
  }

  /** A gradient of {@code member} has been added. */
  void hasArrived(Member member) {
    if (!member.arrived) {
      member.arrived = true;
      missing--;
    }
  }

  private void receiveIn(Tensor flat) {
    open = flat;
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      members.forEach(member -> member.parameter.mutable_grad().put(member.in(flat)));
    }
  }

  /** Whether each member has got a gradient in this micro batch, and none was sent yet. */
  boolean isComplete() {
    return missing == 0 && !left;
  }

  /** Whether it was sent in this micro batch. */
  boolean hasLeft() {
    return left;
  }

  /** Whether there are gradients that came after it was sent. */
  boolean hasLateGradients() {
    return open != null;
  }

  /** Whether it holds a buffer beside its sums. */
  boolean isOpen() {
    return (open != null && open != sums) || (leaving != null && leaving != sums);
  }

  /** Begins to sum up over the processes; what arrives from now on goes into another buffer. */
  void send() {
    Tensor flat = open == null ? zeros(length) : open;
    open = null;
    members.forEach(member -> member.parameter.mutable_grad().reset());
    leaving = flat;
    left = true;
    pending =
        sharding == Sharding.NOTHING
            ? group.sumInBackground(flat)
            : group.sumPartInBackground(flat);
  }

  /**
   * Waits for the sum.
   *
   * @throws org.dsvlm.io.DsVlmException if a process was lost
   */
  void receive() {
    Tensor flat = Objects.requireNonNull(leaving);
    Objects.requireNonNull(pending).await();
    pending = null;
    leaving = null;
    if (flat == sums) {
      return;
    }
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      sums.add_(sharding == Sharding.GRADIENTS ? ownPart(flat) : flat);
    }
    flat.close();
  }

  /** After the last sum: shows the gradients at the parameters, unless each process has a part. */
  void show() {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      for (Member member : members) {
        if (member.used && sharding == Sharding.NOTHING) {
          member.parameter.mutable_grad().put(member.in(sums));
        } else {
          member.parameter.mutable_grad().reset();
        }
      }
    }
  }

  /** After the update: no parameter has a gradient. */
  void drop() {
    members.forEach(member -> member.parameter.mutable_grad().reset());
    if (open != null && open != sums) {
      open.close();
    }
    open = null;
  }

  @Override
  public void close() {
    drop();
    if (leaving != null && leaving != sums) {
      leaving.close();
    }
    sums.close();
  }
}
