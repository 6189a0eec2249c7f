/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.parallel;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.distributed.ProcessGroup;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.tensor.Torch;
import org.dsvlm.train.optim.ParameterGroup;
import org.dsvlm.weights.WeightSource;

/**
 * The optimizer's state divided among the processes (Rajbhandari et al. 2020, ZeRO stage 1): each
 * process updates its part of every bucket, keeps the state of that part only, and receives the
 * other parameters from the other processes.
 *
 * <p>To the optimizer the parts are parameters like any other: one-dimensional views of the true
 * ones, under their names.
 */
final class StateShards implements AutoCloseable {
  /**
   * One process's part of a parameter.
   *
   * @param begin first element
   * @param length elements
   */
  private record Range(long begin, long length) {}

  /** This process's part of a parameter and of its gradient, both of one dimension. */
  private record Slice(GradientBucket.Member member, Tensor values, Tensor gradient) {}

  /** Buckets whose parameters are gathered at one time. */
  private static final int UNDER_WAY = 2;

  /** Ends the names of the state tensors that the first process asks for. */
  private static final String END = "";

  private final ProcessGroup processGroup;
  private final GradientBuckets buckets;
  private final Map<String, GradientBucket.Member> members = new LinkedHashMap<>();
  private final Map<String, List<Range>> rangesByRank = new LinkedHashMap<>();
  private final Map<String, Slice> slices = new LinkedHashMap<>();

  StateShards(ProcessGroup processGroup, GradientBuckets buckets) {
    this.processGroup = processGroup;
    this.buckets = buckets;
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      for (GradientBucket bucket : buckets.all()) {
        long part = bucket.partLength();
        for (GradientBucket.Member member : bucket.members()) {
          members.put(member.name(), member);
          List<Range> ranges = new ArrayList<>();
          for (int rank = 0; rank < processGroup.size(); rank++) {
            ranges.add(overlap(member, rank * part, (rank + 1) * part));
          }
          rangesByRank.put(member.name(), ranges);
          Range own = ranges.get(processGroup.rank());
          if (own.length() > 0) {
            slices.put(
                member.name(),
                new Slice(
                    member,
                    Torch.keep(own(member.parameter().detach().view(-1), own)),
                    Torch.keep(
                        bucket
                            .ownPart()
                            .narrow(
                                0,
                                member.offset() + own.begin() - processGroup.rank() * part,
                                own.length()))));
          }
        }
      }
    }
  }

  private static Range overlap(GradientBucket.Member member, long begin, long end) {
    long numel = member.parameter().numel();
    long first = Math.min(numel, Math.max(0, begin - member.offset()));
    long last = Math.min(numel, Math.max(0, end - member.offset()));
    return new Range(first, Math.max(0, last - first));
  }

  private static Tensor own(Tensor flat, Range range) {
    return flat.narrow(0, range.begin(), range.length());
  }

  /** {@code groups} as this process updates them. */
  List<ParameterGroup> groups(List<ParameterGroup> groups) {
    List<ParameterGroup> own = new ArrayList<>();
    for (ParameterGroup group : groups) {
      Map<String, Tensor> parameters = new LinkedHashMap<>();
      for (String name : group.parameters().keySet()) {
        Slice slice = slices.get(name);
        if (slice != null) {
          parameters.put(name, slice.values());
        }
      }
      own.add(
          new ParameterGroup(group.name(), parameters, group.learningRate(), group.weightDecay()));
    }
    return own;
  }

  /** After the gradients are reduced: shows the optimizer those of this process's part. */
  void showGradients() {
    for (Slice slice : slices.values()) {
      if (slice.member().used()) {
        slice.values().mutable_grad().put(slice.gradient());
      }
    }
  }

  /** A bucket's parameters on their way to the other processes. */
  private record Gathering(GradientBucket bucket, Tensor flat, ProcessGroup.Pending pending) {
    void finish() {
      pending.await();
      bucket.members().forEach(member -> member.parameter().detach().copy_(member.in(flat)));
    }
  }

  /** After the update: gathers every parameter, a few buckets at a time. */
  void gatherParameters() {
    Deque<Gathering> underWay = new ArrayDeque<>();
    for (GradientBucket bucket : buckets.all()) {
      if (underWay.size() == UNDER_WAY) {
        finish(underWay.remove());
      }
      underWay.add(gather(bucket));
    }
    while (!underWay.isEmpty()) {
      finish(underWay.remove());
    }
  }

  private Gathering gather(GradientBucket bucket) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor first = bucket.members().get(0).parameter();
      Tensor flat =
          Torch.keep(
              torch.empty(
                  new long[] {bucket.length()},
                  Torch.options(first.scalar_type(), bucket.device()),
                  null));
      for (GradientBucket.Member member : bucket.members()) {
        Slice slice = slices.get(member.name());
        if (slice != null) {
          Range own = ranges(member.name()).get(processGroup.rank());
          own(member.in(flat).view(-1), own).copy_(slice.values());
        }
      }
      return new Gathering(bucket, flat, processGroup.gatherPartsInBackground(flat));
    }
  }

  private static void finish(Gathering gathering) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      gathering.finish();
    }
    gathering.flat().close();
  }

  /** The part of the saved state {@code name} that this process keeps. */
  Tensor portion(String name, Tensor whole) {
    Slice slice = slices.get(parameterOf(name));
    if (whole.dim() == 0 || slice == null) {
      return whole;
    }
    Range own = ranges(slice.member().name()).get(processGroup.rank());
    return whole.contiguous().view(-1).narrow(0, own.begin(), own.length());
  }

  /** The parameter of the state {@code weight.exp_avg} is {@code weight}. */
  private static String parameterOf(String state) {
    return state.substring(0, state.lastIndexOf('.'));
  }

  /**
   * Gives {@code writer}, in the first process, the whole state, of which no more than one tensor
   * is in memory at a time.
   *
   * @param state this process's part
   */
  void write(Map<String, Tensor> state, Consumer<WeightSource> writer) {
    if (processGroup.isFirst()) {
      writer.accept(new Gathered(state));
      processGroup.onFirst(() -> END);
    } else {
      serve(state);
    }
  }

  /** The whole state as the first process has it; a tensor is gathered when it is read. */
  private final class Gathered implements WeightSource {
    private final Map<String, Tensor> state;
    private final Map<String, Tensor> examples = new LinkedHashMap<>();

    Gathered(Map<String, Tensor> state) {
      this.state = state;
      // The first process has a part of every bucket, so an example of all that there is.
      Map<String, Tensor> bySuffixAndType = new LinkedHashMap<>();
      state.forEach((name, tensor) -> bySuffixAndType.putIfAbsent(kind(name), tensor));
      for (String parameter : members.keySet()) {
        for (String suffix : suffixes(state.keySet())) {
          Tensor example = bySuffixAndType.get(kind(parameter + suffix));
          if (example != null) {
            examples.put(parameter + suffix, example);
          }
        }
      }
    }

    private Set<String> suffixes(Set<String> stateNames) {
      Set<String> suffixes = new LinkedHashSet<>();
      stateNames.forEach(name -> suffixes.add(name.substring(name.lastIndexOf('.'))));
      return suffixes;
    }

    /** State of one suffix is alike for parameters of one type. */
    private String kind(String name) {
      Tensor parameter = parameter(name);
      return name.substring(name.lastIndexOf('.')) + " " + DTypes.name(parameter.scalar_type());
    }

    private Tensor example(String name) {
      return Objects.requireNonNull(examples.get(name), name);
    }

    @Override
    public Set<String> names() {
      return examples.keySet();
    }

    @Override
    public long[] shape(String name) {
      return isNumber(example(name)) ? new long[0] : Torch.shape(parameter(name));
    }

    @Override
    public ScalarType dtype(String name) {
      return example(name).scalar_type().intern();
    }

    @Override
    public Tensor read(String name) {
      processGroup.onFirst(() -> name);
      return Torch.tidy(
          () -> {
            List<Tensor> parts = new ArrayList<>();
            for (int rank : owners(name, isNumber(example(name)))) {
              parts.add(
                  rank == 0
                      ? Objects.requireNonNull(state.get(name)).view(-1)
                      : received(name, rank));
            }
            return Torch.cat(0, parts.toArray(Tensor[]::new)).view(shape(name)).cpu();
          });
    }

    private Tensor received(String name, int rank) {
      Tensor like = example(name);
      long length = isNumber(like) ? 1 : ranges(parameterOf(name)).get(rank).length();
      // Numbers are kept on the CPU, which not every way between processes reaches.
      String device = parameter(name).device().str().getString();
      Tensor part =
          torch.empty(new long[] {length}, Torch.options(like.scalar_type(), device), null);
      processGroup.receive(part, rank);
      return part;
    }

    @Override
    public String where(String name) {
      return "the optimizer";
    }

    @Override
    public void close() {}
  }

  /** The parameter that the state {@code name} is kept for. */
  private Tensor parameter(String name) {
    return Objects.requireNonNull(members.get(parameterOf(name)), name).parameter();
  }

  /** By rank, what each process keeps of {@code parameter}. */
  private List<Range> ranges(String parameter) {
    return Objects.requireNonNull(rangesByRank.get(parameter), parameter);
  }

  private static boolean isNumber(Tensor state) {
    return state.dim() == 0;
  }

  /** The ranks that have parts of the state {@code name}; a number is the same on all of them. */
  private List<Integer> owners(String name, boolean number) {
    List<Range> ranges = ranges(parameterOf(name));
    return IntStream.range(0, ranges.size())
        .filter(rank -> ranges.get(rank).length() > 0)
        .limit(number ? 1 : ranges.size())
        .boxed()
        .toList();
  }

  /** Sends the tensors that the first process asks for, until it asks for no more. */
  private void serve(Map<String, Tensor> state) {
    for (String name = processGroup.onFirst(() -> END); !name.equals(END); ) {
      Tensor part = state.get(name);
      if (part != null && owners(name, isNumber(part)).contains(processGroup.rank())) {
        Tensor parameter = parameter(name);
        processGroup.send(part.to(parameter.device(), part.scalar_type()).view(-1), 0);
      }
      name = processGroup.onFirst(() -> END);
    }
  }

  @Override
  public void close() {
    for (Slice slice : slices.values()) {
      slice.values().close();
      slice.gradient().close();
    }
  }
}
