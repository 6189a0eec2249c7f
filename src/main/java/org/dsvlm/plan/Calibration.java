/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import static org.dsvlm.plan.Operation.Role.FORWARD;
import static org.dsvlm.plan.Operation.Role.INPUT_GRADIENT;
import static org.dsvlm.plan.Operation.Role.WEIGHT_GRADIENT;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.kernels.MoeCrossAttention;
import org.dsvlm.nn.Attention;
import org.dsvlm.plan.Hardware.Timing;
import org.dsvlm.plan.Operation.Kind;
import org.dsvlm.plan.Operation.Role;
import org.dsvlm.tensor.MemoryFigures;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;

/**
 * Measures what this machine can do, in some seconds: a large matrix product, calls on tensors of
 * one element, and of each kind of operation those shapes that take most of the step. Each is timed
 * alone, forward and for each gradient, on inputs that take turns so that no cache holds them;
 * nothing is fitted to a whole step.
 */
final class Calibration {
  private static final int SHAPES = 12;
  private static final double SECONDS = 0.025;
  private static final int FEWEST_RUNS = 4;

  /** What is timed of a shape that is larger; its batch or rows are cut. */
  private static final double MOST_FLOPS = 1e9;

  private static final double MOST_ELEMENTS = 1 << 24;

  /** Bytes of the inputs that take turns; more than a processor's caches hold. */
  private static final double TURNS = 48e6;

  private static final int MOST_TURNS = 64;
  private static final long GROUPS = 8;

  private final ScalarType dtype;
  private final LongSupplier clock;
  private final RandomState random = new RandomState(0);

  private Calibration(ScalarType dtype, LongSupplier clock) {
    this.dtype = dtype;
    this.clock = clock;
  }

  /**
   * The machine that this runs on, for the shapes of {@code operations}.
   *
   * @param threads of LibTorch; 0 for its own choice
   * @param clock tells nanoseconds
   */
  static Hardware measure(
      List<Operation> operations, ScalarType dtype, int threads, LongSupplier clock) {
    Torch.load();
    int before = torch.get_num_threads();
    torch.set_num_threads(threads > 0 ? threads : before);
    try {
      return new Calibration(dtype, clock).hardware(operations);
    } finally {
      torch.set_num_threads(before);
    }
  }

  private Hardware hardware(List<Operation> operations) {
    double peak = 1 / product(List.of(1024L, 1024L, 1024L)).seconds().get(FORWARD);
    double runtime = MemoryFigures.residentBytes();
    Map<Kind, List<Timing>> measured = new EnumMap<>(Kind.class);
    for (Kind kind : Kind.values()) {
      measured.put(kind, largest(kind, operations).stream().map(s -> timing(kind, s)).toList());
    }
    double bandwidth =
        measured.get(Kind.POINTWISE).stream()
            .mapToDouble(timing -> 1 / timing.seconds().get(FORWARD))
            .average()
            .orElse(1e9);
    return new Hardware(
        "this machine, " + torch.get_num_threads() + " threads",
        Runtime.getRuntime().maxMemory(),
        Map.of(),
        measured,
        bandwidth,
        callSeconds(),
        false,
        runtime,
        String.format(
            Locale.ROOT,
            "measured: matrix product of 1024 %.0f GFLOP/s, sums %.1f GB/s, a call %.1f µs",
            peak / 1e9,
            bandwidth / 1e9,
            callSeconds() * 1e6));
  }

  /** The shapes of a kind that make most of its work. */
  private static List<List<Long>> largest(Kind kind, List<Operation> operations) {
    Map<List<Long>, Double> work = new LinkedHashMap<>();
    operations.stream()
        .filter(operation -> operation.kind() == kind)
        .forEach(o -> work.merge(o.shape(), Hardware.work(o), Double::sum));
    return work.entrySet().stream()
        .sorted(Map.Entry.<List<Long>, Double>comparingByValue(Comparator.reverseOrder()))
        .limit(SHAPES)
        .map(Map.Entry::getKey)
        .toList();
  }

  private Timing timing(Kind kind, List<Long> shape) {
    return switch (kind) {
      case MATRIX_PRODUCT -> product(shape);
      case CONVOLUTION -> convolution(shape);
      case ATTENTION -> attention(shape);
      case EXPERT_ATTENTION -> experts(shape);
      case NORM -> norm(shape);
      case ACTIVATION -> activation(shape);
      case POINTWISE -> pointwise(shape);
    };
  }

  private Timing product(List<Long> shape) {
    long in = shape.get(1);
    long out = shape.get(2);
    long rows = cut(shape.get(0), MOST_FLOPS / (2.0 * in * out));
    double flops = 2.0 * rows * in * out;
    try (PointerScope scope = new PointerScope()) {
      Tensor weight = normal(out, in);
      UnaryOperator<Tensor> forward = x -> torch.linear(x, weight, Torch.none());
      return withWeight(shape, flops, forward, weight, normal(rows, out), rows, in);
    }
  }

  private Timing convolution(List<Long> shape) {
    long in = shape.get(1);
    long out = shape.get(2);
    long height = shape.get(3);
    long width = shape.get(4);
    long kernel = shape.get(5);
    long stride = shape.get(6);
    double perPicture = 2.0 * in * out * height * width * kernel * kernel;
    long batch = cut(shape.get(0), MOST_FLOPS / perPicture);
    long padding = kernel == stride ? 0 : kernel / 2;
    long[] strides = {stride, stride};
    long[] paddings = {padding, padding};
    try (PointerScope scope = new PointerScope()) {
      Tensor weight = normal(out, in, kernel, kernel);
      UnaryOperator<Tensor> forward =
          x -> torch.conv2d(x, weight, Torch.none(), strides, paddings, new long[] {1, 1}, 1);
      Tensor gradient = normal(batch, out, height, width);
      long[] input = {batch, in, height * stride, width * stride};
      return withWeight(shape, batch * perPicture, forward, weight, gradient, input);
    }
  }

  /** Times an operation with a weight: forward, then with one gradient and with the other. */
  private Timing withWeight(
      List<Long> shape,
      double flops,
      UnaryOperator<Tensor> forward,
      Tensor weight,
      Tensor gradient,
      long... input) {
    List<Tensor> inputs = turns(input);
    Map<Role, Double> seconds = new EnumMap<>(Role.class);
    double once = timed(inputs, forward, null);
    weight.requires_grad_(true);
    double weightToo = timed(inputs, forward, gradient);
    weight.requires_grad_(false);
    inputs.forEach(x -> x.requires_grad_(true));
    double inputToo = timed(inputs, forward, gradient);
    seconds.put(FORWARD, once / flops);
    seconds.put(INPUT_GRADIENT, Math.max(0, inputToo - once) / flops);
    seconds.put(WEIGHT_GRADIENT, Math.max(0, weightToo - once) / flops);
    return new Timing(shape, flops, seconds);
  }

  private Timing attention(List<Long> shape) {
    long heads = shape.get(1);
    long queries = shape.get(2);
    long keys = shape.get(3);
    long width = shape.get(4);
    double perRecord = 4.0 * heads * queries * keys * width;
    long batch = cut(shape.get(0), MOST_FLOPS / perRecord);
    try (PointerScope scope = new PointerScope()) {
      // As the projections leave them: tokens before heads.
      Tensor k = normal(batch, keys, heads, width).transpose(1, 2);
      Tensor v = normal(batch, keys, heads, width).transpose(1, 2);
      UnaryOperator<Tensor> forward = q -> Attention.full(q.transpose(1, 2), k, v);
      Tensor gradient = normal(batch, heads, queries, width);
      double flops = batch * perRecord;
      return unary(shape, flops, 2.5 * flops, forward, gradient, batch, queries, heads, width);
    }
  }

  private Timing experts(List<Long> shape) {
    long heads = shape.get(1);
    long queries = shape.get(2);
    long width = shape.get(4);
    int count = shape.get(5).intValue();
    double perPicture = 4.0 * heads * queries * shape.get(3) * width;
    long batch = cut(shape.get(0), MOST_FLOPS / perPicture);
    long tokens = Math.max(1, shape.get(3) / count);
    try (PointerScope scope = new PointerScope()) {
      Tensor context = normal(batch, tokens, heads, width).requires_grad_(true);
      List<Tensor> contexts = Collections.nCopies(count, context);
      Tensor probabilities = normal(batch, count).softmax(-1).detach();
      UnaryOperator<Tensor> forward =
          q -> MoeCrossAttention.forward(q, contexts, contexts, probabilities);
      Tensor gradient = normal(batch, queries, heads, width);
      double flops = batch * perPicture;
      return unary(shape, flops, 2.5 * flops, forward, gradient, batch, queries, heads, width);
    }
  }

  private Timing norm(List<Long> shape) {
    try (PointerScope scope = new PointerScope()) {
      if (shape.size() == 2) {
        long width = shape.get(1);
        long rows = cut(shape.get(0), MOST_ELEMENTS / width);
        TensorOptional scale = new TensorOptional(normal(width));
        long[] size = {width};
        return elementwise(
            shape, x -> torch.layer_norm(x, size, scale, scale, 1e-5, false), rows, width);
      }
      long channels = shape.get(1);
      long positions = shape.get(2);
      long batch = cut(shape.get(0), MOST_ELEMENTS / (channels * positions));
      TensorOptional scale = new TensorOptional(normal(channels));
      long groups = channels % GROUPS == 0 ? GROUPS : 1;
      return elementwise(
          shape,
          x -> torch.group_norm(x, groups, scale, scale, 1e-5, false),
          batch,
          channels,
          positions);
    }
  }

  private Timing activation(List<Long> shape) {
    try (PointerScope scope = new PointerScope()) {
      return elementwise(shape, torch::silu, cut(shape.get(0), MOST_ELEMENTS));
    }
  }

  /** The sum of two tensors; backward passes do much the same work on the same bytes. */
  private Timing pointwise(List<Long> shape) {
    try (PointerScope scope = new PointerScope()) {
      long elements = cut(shape.get(0), MOST_ELEMENTS);
      Tensor other = normal(elements);
      double bytes = 3.0 * elements * other.element_size();
      double seconds = timed(turns(elements), x -> x.add(other), null) / bytes;
      return new Timing(
          shape, bytes, Map.of(FORWARD, seconds, INPUT_GRADIENT, seconds, Role.UPDATE, seconds));
    }
  }

  private Timing elementwise(List<Long> shape, UnaryOperator<Tensor> forward, long... input) {
    Tensor gradient = normal(input);
    double bytes = (double) gradient.numel() * gradient.element_size();
    return unary(shape, 2 * bytes, 3 * bytes, forward, gradient, input);
  }

  private Timing unary(
      List<Long> shape,
      double work,
      double backwardWork,
      UnaryOperator<Tensor> forward,
      Tensor gradient,
      long... input) {
    List<Tensor> inputs = turns(input);
    double once = timed(inputs, forward, null);
    inputs.forEach(x -> x.requires_grad_(true));
    double both = timed(inputs, forward, gradient);
    return new Timing(
        shape,
        work,
        Map.of(FORWARD, once / work, INPUT_GRADIENT, Math.max(0, both - once) / backwardWork));
  }

  /** Of a call, forward and backward, on one element. */
  private double callSeconds() {
    int calls = 100;
    try (PointerScope scope = new PointerScope()) {
      Tensor one = normal(1);
      Tensor x = normal(1).requires_grad_(true);
      UnaryOperator<Tensor> chain =
          first -> {
            Tensor y = first;
            for (int i = 0; i < calls; i++) {
              y = y.mul(one);
            }
            return y;
          };
      return timed(List.of(x), chain, one) / (2 * calls);
    }
  }

  private static long cut(long wanted, double most) {
    return Math.max(1, Math.min(wanted, (long) most));
  }

  /** Equal tensors that take turns. */
  private List<Tensor> turns(long... shape) {
    Tensor first = normal(shape);
    double bytes = (double) first.numel() * first.element_size();
    int count = (int) Math.max(2, Math.min(MOST_TURNS, TURNS / bytes));
    List<Tensor> tensors = new ArrayList<>(List.of(first));
    while (tensors.size() < count) {
      tensors.add(first.clone());
    }
    return tensors;
  }

  /**
   * The median of several runs after one that does not count.
   *
   * @param gradient of the result, to go backward from; null for the forward pass alone
   */
  private double timed(List<Tensor> inputs, UnaryOperator<Tensor> forward, Tensor gradient) {
    List<Double> seconds = new ArrayList<>();
    double total = 0;
    for (int i = 0; i <= FEWEST_RUNS || total < SECONDS; i++) {
      Tensor input = inputs.get(i % inputs.size());
      long start = clock.getAsLong();
      try (PointerScope scope = new PointerScope()) {
        Tensor result = forward.apply(input);
        if (gradient != null) {
          result.backward(gradient, null, false, null);
        }
      }
      double taken = (clock.getAsLong() - start) / 1e9;
      input.mutable_grad().reset();
      if (i > 0) {
        seconds.add(taken);
        total += taken;
      }
    }
    seconds.sort(Double::compare);
    return seconds.get(seconds.size() / 2);
  }

  private Tensor normal(long... shape) {
    return random.normal(shape).to(dtype).detach();
  }
}
