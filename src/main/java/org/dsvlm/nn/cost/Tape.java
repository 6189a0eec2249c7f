/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn.cost;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.dsvlm.nn.cost.Operation.Function;
import org.dsvlm.nn.cost.Operation.Role;

/**
 * Writes down the operations of a forward pass, and those of the backward pass that follow from it,
 * as a network calls for them in running order. Like autograd it knows whether a gradient will flow
 * through what comes next: from the first trained parameter or differentiated input on.
 *
 * <p>With m, n, k a product's sizes: forward 2 m n k, the same for the gradient of either operand.
 * Attention of q queries and k keys of width d costs 4 q k d a head forward, for both products, and
 * 10 q k d backward, where the scores are computed again. Causal masks are not deducted.
 */
public final class Tape {
  private final double width;
  private final double wideWidth;
  private final List<Operation> operations = new ArrayList<>();
  private final Map<Part, Double> saved = new EnumMap<>(Part.class);
  private final Map<Part, Double> largestBlock = new EnumMap<>(Part.class);

  // Every use comes after enter.
  @SuppressWarnings("NullAway.Init")
  private Part part;

  private boolean gradient;
  private boolean recording = true;
  private boolean unused;
  private boolean inputIsKept;

  /** A tape for tensors of {@code bytes} an element. */
  public Tape(int bytes) {
    this.width = bytes;
    this.wideWidth = Math.max(4, bytes);
  }

  /** Assigns the following operations to {@code part}, whose input has a gradient or not. */
  public Tape enter(Part part, boolean gradient) {
    this.part = part;
    this.gradient = gradient;
    recording = true;
    unused = false;
    return this;
  }

  /** Marks the following operations as computed without a graph. */
  public Tape withoutGraph() {
    recording = false;
    gradient = false;
    return this;
  }

  /** No loss depends on what follows: its graph is kept, and nobody goes backward through it. */
  public void unused() {
    unused = true;
  }

  /** An input joins that may have a gradient. */
  public void joins(boolean differentiated) {
    gradient |= differentiated && recording;
  }

  /** From here on a gradient flows if {@code trained} parameters take part. */
  public void trains(boolean trained) {
    gradient |= trained && recording;
  }

  public boolean gradient() {
    return gradient;
  }

  /**
   * Runs {@code branch} on an input that has a gradient if {@code differentiated}, whatever flows
   * beside it; afterwards both are one.
   */
  public void branch(boolean differentiated, Runnable branch) {
    boolean beside = gradient;
    gradient = differentiated && recording;
    branch.run();
    gradient |= beside;
  }

  public List<Operation> operations() {
    return operations;
  }

  /**
   * Most bytes that the backward pass of each part needs kept: where blocks are computed again,
   * their inputs and all of the largest one.
   */
  public Map<Part, Double> saved() {
    Map<Part, Double> most = new EnumMap<>(saved);
    largestBlock.forEach((of, bytes) -> most.merge(of, bytes, Double::sum));
    return most;
  }

  /**
   * A block of which the input alone, {@code inputs} elements, is kept, and which is computed again
   * in the backward pass; or, if {@code again} is false, one like any other.
   */
  public void block(boolean again, double inputs, Runnable block) {
    if (!again) {
      block.run();
      return;
    }
    Map<Part, Double> before = new EnumMap<>(saved);
    saved.clear();
    int first = operations.size();
    block.run();
    saved.forEach((of, bytes) -> largestBlock.merge(of, bytes, Math::max));
    saved.clear();
    saved.putAll(before);
    if (gradient) {
      keep(inputs);
      if (!unused) {
        List.copyOf(operations.subList(first, operations.size())).stream()
            .filter(operation -> operation.role() == Role.FORWARD)
            .forEach(operation -> operations.add(operation.as(Role.RECOMPUTATION)));
      }
    }
  }

  /** The input of the layers that come next is kept by something else already. */
  public Tape keptAlready() {
    inputIsKept = true;
    return this;
  }

  /** A linear layer on {@code rows} vectors. */
  public void linear(double rows, double in, double out, boolean biased, boolean trained) {
    linears(rows, in, biased, trained, out);
  }

  /** Linear layers that read one input. */
  public void linears(double rows, double in, boolean biased, boolean trained, double... outs) {
    boolean differentiated = gradient;
    for (double out : outs) {
      gradient = differentiated;
      matrixProduct(rows, in, out, biased, trained);
    }
    // The gradients of the input are added up.
    int sums = outs.length - 1;
    if (differentiated && sums > 0) {
      accumulate(sums, rows * in);
    }
    keepInput(trained && recording, rows * in);
  }

  /** A convolution over pictures, height and width those of its output; it has a bias. */
  public void convolution(
      double batch,
      double height,
      double w,
      double in,
      double out,
      int kernel,
      int stride,
      boolean trained) {
    double positions = batch * height * w;
    double input = positions * stride * stride * in;
    product(
        OperationType.CONVOLUTION,
        Operation.shape(batch, in, out, height, w, kernel, stride),
        2 * positions * in * kernel * kernel * out,
        width * (input + in * kernel * kernel * out + positions * out),
        trained);
    // LibTorch keeps it for the gradient of the weight even where there is none.
    keepInput(gradient, input);
  }

  private void keepInput(boolean needed, double elements) {
    if (needed && !inputIsKept) {
      keep(elements);
    }
    inputIsKept = false;
  }

  private void matrixProduct(double rows, double in, double out, boolean biased, boolean trained) {
    product(
        OperationType.MATRIX_PRODUCT,
        Operation.shape(rows, in, out, biased ? 1 : 0),
        2 * rows * in * out,
        width * (rows * in + in * out + rows * out),
        trained);
  }

  private void product(
      OperationType type, List<Long> shape, double flops, double bytes, boolean trained) {
    write(Role.FORWARD, type, shape, flops, bytes, 1);
    if (gradient) {
      write(Role.INPUT_GRADIENT, type, shape, flops, bytes, 1);
    }
    if (trained && recording) {
      write(Role.WEIGHT_GRADIENT, type, shape, flops, bytes, 1);
      gradient = true;
    }
  }

  private void write(
      Role role, OperationType type, List<Long> shape, double flops, double bytes, int calls) {
    if (role == Role.FORWARD || !unused) {
      operations.add(new Operation(part, role, type, shape, flops, bytes, calls));
    }
  }

  /**
   * Attention of each query to {@code keys} keys, causal or not; a head of the keys may serve
   * several of the queries'. Queries, keys, values and result are kept, and the scores are not.
   */
  public void attention(
      double batch, double heads, double keyHeads, double queries, double keys, double headWidth) {
    double query = batch * heads * queries * headWidth;
    double inputs = query + 2 * batch * keyHeads * keys * headWidth;
    // The heads are taken apart and put together again by two views of each tensor.
    pointwise(0, 8, 0, 8, 0);
    attend(
        OperationType.ATTENTION,
        Operation.shape(batch, heads, keyHeads, queries, keys, headWidth),
        query * keys,
        inputs,
        query,
        batch * heads * queries);
    keepBytes(width * query);
  }

  /** Attention to several contexts at once; {@code keys} are those of all experts. */
  public void expertAttention(
      double batch, double heads, double queries, double keys, double headWidth, int experts) {
    double query = batch * heads * queries * headWidth;
    attend(
        OperationType.EXPERT_ATTENTION,
        Operation.shape(batch, heads, queries, keys, headWidth, experts),
        query * keys,
        query + 2 * batch * heads * keys * headWidth,
        query,
        experts * batch * heads * queries);
  }

  private void attend(
      OperationType type,
      List<Long> shape,
      double products,
      double inputs,
      double output,
      double normalisers) {
    double bytes = width * (inputs + output);
    write(Role.FORWARD, type, shape, 4 * products, bytes, 1);
    if (gradient) {
      write(Role.INPUT_GRADIENT, type, shape, 10 * products, 2 * bytes, 1);
      keep(inputs);
      keepWide(normalisers);
    }
  }

  /** A group norm of maps. */
  public void groupNorm(
      double batch, double channels, double positions, int groups, boolean trained) {
    norm(
        OperationType.NORM,
        Operation.shape(batch, channels, positions, groups),
        batch * channels * positions,
        trained);
  }

  /** A group norm of maps and SiLU, of which the map alone is kept. */
  public void groupNormSilu(
      double batch, double channels, double positions, int groups, boolean trained) {
    norm(
        OperationType.NORM_AND_SILU,
        Operation.shape(batch, channels, positions, groups),
        batch * channels * positions,
        trained);
  }

  /** A layer norm. */
  public void layerNorm(double rows, double columns, boolean trained) {
    norm(OperationType.NORM, Operation.shape(rows, columns), rows * columns, trained);
  }

  private void norm(OperationType type, List<Long> shape, double elements, boolean trained) {
    trains(trained);
    unary(type, shape, elements);
    if (trained && recording) {
      write(Role.WEIGHT_GRADIENT, type, shape, 0, 2 * width * elements, 0);
    }
  }

  /** One call that keeps what it reads: reads and writes, and backward reads two and writes. */
  private void unary(OperationType type, List<Long> shape, double elements) {
    write(Role.FORWARD, type, shape, 0, 2 * width * elements, 1);
    if (gradient) {
      write(Role.INPUT_GRADIENT, type, shape, 0, 3 * width * elements, 1);
      keep(elements);
    }
  }

  /**
   * A low-rank update of a linear layer's output, computed in float32 at least: B A x, added.
   *
   * @param keepsInput whether x is not kept by another layer in the type that A reads
   */
  public void lowRank(double rows, double in, double out, double rank, boolean keepsInput) {
    Part outside = part;
    part = Part.LORA;
    if (width < wideWidth) {
      pointwise((1 + wideWidth / width) * rows * in, 1, (1 + wideWidth / width) * rows * in, 1, 0);
    }
    matrixProduct(rows, in, rank, false, true);
    matrixProduct(rows, rank, out, false, true);
    keepWide(rows * rank + (keepsInput ? rows * in : 0));
    add(rows * out);
    part = outside;
  }

  /** A function of each element. */
  public void activation(Function function, double elements) {
    unary(OperationType.ACTIVATION, Operation.shape(elements, function.ordinal()), elements);
  }

  /** A copy of maps that puts positions before channels, or back. */
  public void transposition(double batch, double channels, double positions) {
    List<Long> shape = Operation.shape(batch, channels, positions);
    double bytes = 2 * width * batch * channels * positions;
    write(Role.FORWARD, OperationType.TRANSPOSITION, shape, 0, bytes, 1);
    if (gradient) {
      write(Role.INPUT_GRADIENT, OperationType.TRANSPOSITION, shape, 0, bytes, 1);
    }
  }

  /** The sum of two tensors; its backward pass hands the gradient on and adds at the branch. */
  public void add(double elements) {
    pointwise(3 * elements, 1, 3 * elements, 1, 0);
  }

  /** Gradients of {@code elements} each that are added to others, {@code sums} times. */
  public void accumulate(int sums, double elements) {
    write(
        Role.INPUT_GRADIENT,
        OperationType.POINTWISE,
        Operation.shape(elements),
        0,
        3 * width * sums * elements,
        sums);
  }

  /**
   * Calls that are limited by memory: elements read and written by each pass, number of calls, and
   * elements kept for the backward pass.
   */
  public void pointwise(
      double forward, int forwardCalls, double backward, int backwardCalls, double kept) {
    pointwise(Role.FORWARD, forward, forwardCalls);
    if (gradient) {
      pointwise(Role.INPUT_GRADIENT, backward, backwardCalls);
      keep(kept);
    }
  }

  private void pointwise(Role role, double elements, int calls) {
    if (calls > 0) {
      // A call reads two tensors and writes one, or does as much.
      List<Long> shape = Operation.shape(elements / calls / 3);
      write(role, OperationType.POINTWISE, shape, 0, width * elements, calls);
    }
  }

  /** Elements of the model's type that are kept for the backward pass. */
  public void keep(double elements) {
    saved.merge(part, width * elements, Double::sum);
  }

  /** Elements of float32, or of the model's type if it is wider. */
  public void keepWide(double elements) {
    saved.merge(part, wideWidth * elements, Double::sum);
  }

  /** Bytes that are kept for the backward pass, if there is one. */
  public void keepBytes(double bytes) {
    if (gradient) {
      saved.merge(part, bytes, Double::sum);
    }
  }

  /** Bytes of an element that is computed in float32 at least. */
  public double wideWidth() {
    return wideWidth;
  }

  public double width() {
    return width;
  }
}
