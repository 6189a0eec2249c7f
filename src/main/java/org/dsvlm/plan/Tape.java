/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.dsvlm.plan.Operation.Kind;
import org.dsvlm.plan.Operation.Role;

/**
 * Writes down the operations of a forward pass, and those of the backward pass that follow from it,
 * as a network calls for them in running order. Like autograd it knows whether a gradient will flow
 * through what comes next: from the first trained parameter or differentiated input on.
 *
 * <p>With m, n, k a product's sizes: forward 2 m n k, the same for the gradient of either operand.
 * Attention of q queries and k keys of width d costs 4 q k d a head forward, for both products, and
 * 10 q k d backward, where the scores are computed again. Causal masks are not deducted.
 */
final class Tape {
  private final double width;
  private final double wideWidth;
  private final List<Operation> operations = new ArrayList<>();
  private final Map<Part, Double> saved = new EnumMap<>(Part.class);
  private Part part;
  private boolean gradient;
  private boolean recording = true;

  /** A tape for tensors of {@code bytes} an element. */
  Tape(int bytes) {
    this.width = bytes;
    this.wideWidth = Math.max(4, bytes);
  }

  /** What follows belongs to {@code part}; whether its input has a gradient, is said. */
  Tape enter(Part part, boolean gradient) {
    this.part = part;
    this.gradient = gradient;
    this.recording = true;
    return this;
  }

  /** What follows is computed without a graph. */
  Tape withoutGraph() {
    recording = false;
    gradient = false;
    return this;
  }

  /** An input joins that may have a gradient. */
  void joins(boolean differentiated) {
    gradient |= differentiated && recording;
  }

  boolean gradient() {
    return gradient;
  }

  List<Operation> operations() {
    return operations;
  }

  /** Bytes that the backward pass of each part needs kept. */
  Map<Part, Double> saved() {
    return saved;
  }

  /** A linear layer on {@code rows} vectors whose input no other layer keeps. */
  void linear(double rows, double in, double out, boolean trained) {
    linears(rows, in, trained, out);
  }

  /** Linear layers that read one input. */
  void linears(double rows, double in, boolean trained, double... outs) {
    for (double out : outs) {
      matrixProduct(rows, in, out, trained);
    }
    if (trained && recording) {
      keep(rows * in);
    }
  }

  /** A convolution over pictures, height and width those of its output. */
  void convolution(
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
        Kind.CONVOLUTION,
        Operation.shape(batch, in, out, height, w, kernel, stride),
        2 * positions * in * kernel * kernel * out,
        width * (input + in * kernel * kernel * out + positions * out),
        trained);
    if (trained && recording) {
      keep(input);
    }
  }

  private void matrixProduct(double rows, double in, double out, boolean trained) {
    product(
        Kind.MATRIX_PRODUCT,
        Operation.shape(rows, in, out),
        2 * rows * in * out,
        width * (rows * in + in * out + rows * out),
        trained);
  }

  private void product(Kind kind, List<Long> shape, double flops, double bytes, boolean trained) {
    write(Role.FORWARD, kind, shape, flops, bytes, 1);
    if (gradient) {
      write(Role.INPUT_GRADIENT, kind, shape, flops, bytes, 1);
    }
    if (trained && recording) {
      write(Role.WEIGHT_GRADIENT, kind, shape, flops, bytes, 1);
      gradient = true;
    }
  }

  private void write(
      Role role, Kind kind, List<Long> shape, double flops, double bytes, int calls) {
    operations.add(new Operation(part, role, kind, shape, flops, bytes, calls));
  }

  /** Attention of each query to {@code keys} keys; causal or not, all are counted. */
  void attention(double batch, double heads, double queries, double keys, double headWidth) {
    List<Long> shape = Operation.shape(batch, heads, queries, keys, headWidth);
    attention(Kind.ATTENTION, shape, batch * heads, queries, keys, headWidth);
  }

  /** The same where {@code keys} are those of all experts. */
  void expertAttention(
      double batch, double heads, double queries, double keys, double headWidth, int experts) {
    List<Long> shape = Operation.shape(batch, heads, queries, keys, headWidth, experts);
    attention(Kind.EXPERT_ATTENTION, shape, batch * heads, queries, keys, headWidth);
  }

  private void attention(
      Kind kind, List<Long> shape, double heads, double queries, double keys, double headWidth) {
    double products = heads * queries * keys * headWidth;
    double inputs = heads * (queries + 2 * keys) * headWidth;
    double output = heads * queries * headWidth;
    double bytes = width * (inputs + output);
    write(Role.FORWARD, kind, shape, 4 * products, bytes, 1);
    if (gradient) {
      write(Role.INPUT_GRADIENT, kind, shape, 10 * products, 2 * bytes, 1);
      keep(inputs + output);
      keepWide(heads * queries);
    }
  }

  /** A group norm of maps; its parameters may be trained. */
  void groupNorm(double batch, double channels, double positions, boolean trained) {
    norm(Operation.shape(batch, channels, positions), batch * channels * positions, trained);
  }

  /** A layer norm; its parameters may be trained. */
  void layerNorm(double rows, double columns, boolean trained) {
    norm(Operation.shape(rows, columns), rows * columns, trained);
  }

  private void norm(List<Long> shape, double elements, boolean trained) {
    trains(trained);
    unary(Kind.NORM, shape, elements);
  }

  /** One call that keeps what it reads: reads and writes, and backward reads two and writes. */
  private void unary(Kind kind, List<Long> shape, double elements) {
    write(Role.FORWARD, kind, shape, 0, 2 * width * elements, 1);
    if (gradient) {
      write(Role.INPUT_GRADIENT, kind, shape, 0, 3 * width * elements, 1);
      keep(elements);
    }
  }

  /** From here on a gradient flows if {@code trained} parameters take part. */
  void trains(boolean trained) {
    gradient |= trained && recording;
  }

  /**
   * A low-rank update of a linear layer's output, computed in float32 at least: B A x, added.
   *
   * @param keepsInput whether x is not kept by another layer in the type that A reads
   */
  void lowRank(double rows, double in, double out, double rank, boolean keepsInput) {
    Part outside = part;
    part = Part.LORA;
    if (width < wideWidth) {
      pointwise((1 + wideWidth / width) * rows * in, 1, (1 + wideWidth / width) * rows * in, 1, 0);
    }
    matrixProduct(rows, in, rank, true);
    matrixProduct(rows, rank, out, true);
    keepWide(rows * rank + (keepsInput ? rows * in : 0));
    add(rows * out);
    part = outside;
  }

  /** A function of each element, as GELU. */
  void activation(double elements) {
    unary(Kind.ACTIVATION, Operation.shape(elements), elements);
  }

  /** The sum of two tensors; its backward pass hands the gradient on and adds at the branch. */
  void add(double elements) {
    pointwise(3 * elements, 1, 3 * elements, 1, 0);
  }

  /**
   * Calls that are limited by memory: elements read and written by each pass, number of calls, and
   * elements kept for the backward pass.
   */
  void pointwise(
      double forward, int forwardCalls, double backward, int backwardCalls, double kept) {
    List<Long> shape = Operation.shape(forward / forwardCalls / 3);
    write(Role.FORWARD, Kind.POINTWISE, shape, 0, width * forward, forwardCalls);
    if (gradient) {
      write(Role.INPUT_GRADIENT, Kind.POINTWISE, shape, 0, width * backward, backwardCalls);
      keep(kept);
    }
  }

  /** Elements of the model's type that are kept for the backward pass. */
  void keep(double elements) {
    saved.merge(part, width * elements, Double::sum);
  }

  /** Elements of float32, or of the model's type if it is wider. */
  void keepWide(double elements) {
    saved.merge(part, wideWidth * elements, Double::sum);
  }

  /** Bytes of an element that is computed in float32 at least. */
  double wideWidth() {
    return wideWidth;
  }

  double width() {
    return width;
  }
}
