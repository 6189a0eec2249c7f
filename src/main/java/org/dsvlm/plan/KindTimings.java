/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import static org.dsvlm.nn.cost.Operation.Role.FORWARD;
import static org.dsvlm.nn.cost.Operation.Role.INPUT_GRADIENT;
import static org.dsvlm.nn.cost.Operation.Role.UPDATE;
import static org.dsvlm.nn.cost.Operation.Role.WEIGHT_GRADIENT;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.kernels.GroupNormSilu;
import org.dsvlm.kernels.LinearProduct;
import org.dsvlm.kernels.MoeCrossAttention;
import org.dsvlm.nn.Attention;
import org.dsvlm.nn.cost.Operation.Function;
import org.dsvlm.nn.cost.OperationType;
import org.dsvlm.plan.Hardware.Timing;
import org.dsvlm.tensor.Torch;

/**
 * Times a shape of each kind of operation alone, by the calls that the models make: forward, and
 * for each gradient.
 */
final class KindTimings {
  /** The work to which a larger shape is cut, in its batch or rows, before it is timed. */
  private final double mostFlops;

  private final double mostElements;
  private final Stopwatch stopwatch;

  /** Timings of shapes that are cut to so many floating-point operations, or elements. */
  KindTimings(Stopwatch stopwatch, double mostFlops, double mostElements) {
    this.stopwatch = stopwatch;
    this.mostFlops = mostFlops;
    this.mostElements = mostElements;
  }

  Timing of(OperationType kind, List<Long> shape) {
    try (PointerScope scope = new PointerScope()) {
      return switch (kind) {
        case MATRIX_PRODUCT -> product(shape);
        case CONVOLUTION -> convolution(shape);
        case ATTENTION -> attention(shape);
        case EXPERT_ATTENTION -> experts(shape);
        case NORM -> shape.size() == 2 ? layerNorm(shape) : groupNorm(shape);
        case NORM_AND_SILU -> groupNormSilu(shape);
        case ACTIVATION -> activation(shape);
        case TRANSPOSITION -> transposition(shape);
        case POINTWISE -> pointwise(shape);
      };
    }
  }

  private Timing product(List<Long> shape) {
    long in = shape.get(1);
    long out = shape.get(2);
    long rows = cut(shape.get(0), mostFlops / (2.0 * in * out));
    Tensor weight = stopwatch.normal(out, in);
    List<Tensor> weights = new ArrayList<>(List.of(weight));
    TensorOptional bias = Torch.none();
    if (shape.get(3) == 1) {
      weights.add(stopwatch.normal(out));
      bias = new TensorOptional(weights.get(1));
    }
    TensorOptional added = bias;
    return withWeights(
        shape,
        2.0 * rows * in * out,
        x -> LinearProduct.of(x, weight, added),
        weights,
        stopwatch.normal(rows, out),
        rows,
        in);
  }

  private Timing convolution(List<Long> shape) {
    long in = shape.get(1);
    long out = shape.get(2);
    long height = shape.get(3);
    long width = shape.get(4);
    long kernel = shape.get(5);
    long stride = shape.get(6);
    double perPicture = 2.0 * in * out * height * width * kernel * kernel;
    long batch = cut(shape.get(0), mostFlops / perPicture);
    long padding = kernel == stride ? 0 : kernel / 2;
    long[] strides = {stride, stride};
    long[] paddings = {padding, padding};
    Tensor weight = stopwatch.normal(out, in, kernel, kernel);
    Tensor bias = stopwatch.normal(out);
    TensorOptional added = new TensorOptional(bias);
    return withWeights(
        shape,
        batch * perPicture,
        x -> torch.conv2d(x, weight, added, strides, paddings, new long[] {1, 1}, 1),
        List.of(weight, bias),
        stopwatch.normal(batch, out, height, width),
        batch,
        in,
        height * stride,
        width * stride);
  }

  /** Forward, with the gradient of the weights alone, and with that of the input alone. */
  private Timing withWeights(
      List<Long> shape,
      double flops,
      UnaryOperator<Tensor> forward,
      List<Tensor> weights,
      Tensor gradient,
      long... input) {
    List<Tensor> inputs = stopwatch.turns(input);
    double once = stopwatch.forward(inputs, forward);
    weights.forEach(weight -> weight.requires_grad_(true));
    double weightToo = stopwatch.bothWays(inputs, weights, forward, gradient);
    weights.forEach(weight -> weight.requires_grad_(false));
    inputs.forEach(x -> x.requires_grad_(true));
    double inputToo = stopwatch.bothWays(inputs, List.of(), forward, gradient);
    return new Timing(
        shape,
        flops,
        Map.of(
            FORWARD,
            once / flops,
            INPUT_GRADIENT,
            Math.max(0, inputToo - once) / flops,
            WEIGHT_GRADIENT,
            Math.max(0, weightToo - once) / flops));
  }

  private Timing attention(List<Long> shape) {
    long heads = shape.get(1);
    long keyHeads = shape.get(2);
    long queries = shape.get(3);
    long keys = shape.get(4);
    long width = shape.get(5);
    double perRecord = 4.0 * heads * queries * keys * width;
    long batch = cut(shape.get(0), mostFlops / perRecord);
    // As the projections leave them: tokens before heads.
    Tensor k = stopwatch.normal(batch, keys, keyHeads, width).transpose(1, 2);
    Tensor v = stopwatch.normal(batch, keys, keyHeads, width).transpose(1, 2);
    return attention(
        shape,
        batch * perRecord,
        List.of(),
        q -> Attention.full(q.transpose(1, 2), k, v),
        stopwatch.normal(batch, heads, queries, width),
        batch,
        queries,
        heads,
        width);
  }

  private Timing experts(List<Long> shape) {
    long heads = shape.get(1);
    long queries = shape.get(2);
    long width = shape.get(4);
    long count = shape.get(5);
    double perPicture = 4.0 * heads * queries * shape.get(3) * width;
    long batch = cut(shape.get(0), mostFlops / perPicture);
    long tokens = Math.max(1, shape.get(3) / count);
    List<Tensor> keys = new ArrayList<>();
    List<Tensor> values = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      keys.add(stopwatch.normal(batch, tokens, heads, width).requires_grad_(true));
      values.add(stopwatch.normal(batch, tokens, heads, width).requires_grad_(true));
    }
    Tensor probabilities = stopwatch.normal(batch, count).softmax(-1).detach();
    return attention(
        shape,
        batch * perPicture,
        Stream.concat(keys.stream(), values.stream()).toList(),
        q -> MoeCrossAttention.forward(q, keys, values, probabilities),
        stopwatch.normal(batch, queries, heads, width),
        batch,
        queries,
        heads,
        width);
  }

  private Timing attention(
      List<Long> shape,
      double flops,
      List<Tensor> others,
      UnaryOperator<Tensor> forward,
      Tensor gradient,
      long... query) {
    List<Tensor> queries = stopwatch.turns(query);
    double once;
    try (NoGradGuard guard = new NoGradGuard()) {
      once = stopwatch.forward(queries, forward);
    }
    queries.forEach(q -> q.requires_grad_(true));
    double both = stopwatch.bothWays(queries, others, forward, gradient);
    return new Timing(
        shape,
        flops,
        Map.of(FORWARD, once / flops, INPUT_GRADIENT, Math.max(0, both - once) / (2.5 * flops)));
  }

  private Timing layerNorm(List<Long> shape) {
    long width = shape.get(1);
    long rows = cut(shape.get(0), mostElements / width);
    long[] size = {width};
    Tensor scale = stopwatch.normal(width);
    Tensor shift = stopwatch.normal(width);
    return elementwise(
        shape,
        x ->
            torch.layer_norm(
                x, size, new TensorOptional(scale), new TensorOptional(shift), 1e-5, false),
        List.of(scale, shift),
        rows,
        width);
  }

  private Timing groupNorm(List<Long> shape) {
    long channels = shape.get(1);
    Tensor scale = stopwatch.normal(channels);
    Tensor shift = stopwatch.normal(channels);
    return elementwise(
        shape,
        x ->
            torch.group_norm(
                x, shape.get(3), new TensorOptional(scale), new TensorOptional(shift), 1e-5, false),
        List.of(scale, shift),
        maps(shape));
  }

  private Timing groupNormSilu(List<Long> shape) {
    Tensor scale = stopwatch.normal(shape.get(1));
    Tensor shift = stopwatch.normal(shape.get(1));
    return elementwise(
        shape,
        x -> GroupNormSilu.forward(x, scale, shift, shape.get(3), 1e-5),
        List.of(scale, shift),
        maps(shape));
  }

  /** Batch, channels and positions, the batch cut. */
  private long[] maps(List<Long> shape) {
    long channels = shape.get(1);
    long positions = shape.get(2);
    return new long[] {
      cut(shape.get(0), mostElements / (channels * positions)), channels, positions
    };
  }

  private Timing activation(List<Long> shape) {
    UnaryOperator<Tensor> function =
        switch (Function.values()[shape.get(1).intValue()]) {
          case RELU -> torch::relu;
          case SIGMOID -> torch::sigmoid;
          case SILU -> torch::silu;
          case GELU -> torch::gelu;
          case GELU_TANH -> x -> torch.gelu(x, "tanh");
        };
    return elementwise(shape, function, List.of(), cut(shape.get(0), mostElements));
  }

  /** Forward, with the input's gradient, and with that of the weights as well. */
  private Timing elementwise(
      List<Long> shape, UnaryOperator<Tensor> forward, List<Tensor> weights, long... input) {
    Tensor gradient = stopwatch.normal(input);
    double bytes = bytes(gradient);
    List<Tensor> inputs = stopwatch.turns(input);
    double once = stopwatch.forward(inputs, forward);
    inputs.forEach(x -> x.requires_grad_(true));
    double both = stopwatch.bothWays(inputs, List.of(), forward, gradient);
    weights.forEach(weight -> weight.requires_grad_(true));
    double all = weights.isEmpty() ? both : stopwatch.bothWays(inputs, weights, forward, gradient);
    return new Timing(
        shape,
        2 * bytes,
        Map.of(
            FORWARD,
            once / (2 * bytes),
            INPUT_GRADIENT,
            Math.max(0, both - once) / (3 * bytes),
            WEIGHT_GRADIENT,
            Math.max(0, all - both) / (2 * bytes)));
  }

  /** The backward pass copies the other way. */
  private Timing transposition(List<Long> shape) {
    List<Tensor> inputs = stopwatch.turns(maps(shape));
    double bytes = 2 * bytes(inputs.get(0));
    double seconds = stopwatch.forward(inputs, x -> x.transpose(1, 2).contiguous()) / bytes;
    return new Timing(shape, bytes, Map.of(FORWARD, seconds, INPUT_GRADIENT, seconds));
  }

  /** The sum of two tensors; backward passes do much the same work on the same bytes. */
  private Timing pointwise(List<Long> shape) {
    List<Tensor> inputs = stopwatch.turns(cut(shape.get(0), mostElements));
    Tensor other = inputs.get(0).clone();
    double bytes = 3 * bytes(other);
    double seconds = stopwatch.forward(inputs, x -> x.add(other)) / bytes;
    return new Timing(
        shape, bytes, Map.of(FORWARD, seconds, INPUT_GRADIENT, seconds, UPDATE, seconds));
  }

  private static double bytes(Tensor tensor) {
    return (double) tensor.numel() * tensor.element_size();
  }

  private static long cut(long wanted, double most) {
    return Math.max(1, Math.min(wanted, (long) most));
  }
}
