/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.dsvlm.diffusion.UNetConfig;
import org.dsvlm.supervision.SupervisionConfig;

/** The operations of a UNet whose cross-attention reads the features' contexts. */
final class UNetCost {
  private static final int FEED_FORWARD = 4;

  private final Tape tape;
  private final UNetConfig config;
  private final SupervisionConfig supervision;
  private final boolean trained;
  private final double pictures;
  private final List<Double> contextTokens;
  private final double timeWidth;

  /** A pass; {@code contextTokens} are the tokens of each feature's context. */
  UNetCost(
      Tape tape,
      UNetConfig config,
      SupervisionConfig supervision,
      boolean trained,
      double pictures,
      List<Double> contextTokens) {
    this.tape = tape;
    this.config = config;
    this.supervision = supervision;
    this.trained = trained;
    this.pictures = pictures;
    this.contextTokens = contextTokens;
    this.timeWidth = config.timeWidth();
  }

  /** Writes them down, for latents of {@code side} times {@code side}, which have no gradient. */
  void record(int side) {
    tape.enter(Part.UNET, false);
    int levels = config.levels();
    double widest = config.channels().get(0);
    tape.linear(pictures, widest, timeWidth, trained);
    tape.activation(pictures * timeWidth);
    tape.linear(pictures, timeWidth, timeWidth, trained);
    tape.convolution(pictures, side, side, config.inChannels(), widest, 3, 1, trained);
    int at = side;
    double width = widest;
    for (int level = 0; level < levels; level++) {
      double out = config.channels().get(level);
      for (int i = 0; i < config.layersPerBlock(); i++) {
        resnet(at, width, out);
        width = out;
        if (config.downAttention().get(level)) {
          transformer(level, at);
        }
      }
      if (level < levels - 1) {
        at = (at + 1) / 2;
        tape.convolution(pictures, at, at, width, width, 3, 2, trained);
      }
    }
    resnet(at, width, width);
    transformer(levels - 1, at);
    resnet(at, width, width);
    up(at, width, side);
    tape.groupNorm(pictures, widest, (double) side * side, trained);
    tape.activation(pictures * side * side * widest);
    tape.convolution(pictures, side, side, widest, config.outChannels(), 3, 1, trained);
  }

  private void up(int deepestSide, double deepestWidth, int side) {
    int levels = config.levels();
    int at = deepestSide;
    double width = deepestWidth;
    Deque<Integer> skips = new ArrayDeque<>(config.skipWidths());
    for (int index = 0; index < levels; index++) {
      int level = levels - 1 - index;
      double out = config.channels().get(level);
      for (int i = 0; i <= config.layersPerBlock(); i++) {
        double joined = width + skips.removeLast();
        tape.pointwise(2 * map(at) * joined, 1, 2 * map(at) * joined, 2, 0);
        resnet(at, joined, out);
        width = out;
        if (config.upAttention().get(index)) {
          transformer(level, at);
        }
      }
      if (level > 0) {
        at = sideOf(level - 1, side);
        tape.pointwise(1.25 * map(at) * width, 1, 1.25 * map(at) * width, 1, 0);
        tape.convolution(pictures, at, at, width, width, 3, 1, trained);
      }
    }
  }

  private static int sideOf(int level, int side) {
    int at = side;
    for (int i = 0; i < level; i++) {
      at = (at + 1) / 2;
    }
    return at;
  }

  /** Positions of a map, of all pictures. */
  private double map(int side) {
    return pictures * side * side;
  }

  private void resnet(int side, double in, double out) {
    tape.groupNorm(pictures, in, (double) side * side, trained);
    tape.activation(map(side) * in);
    tape.convolution(pictures, side, side, in, out, 3, 1, trained);
    tape.activation(pictures * timeWidth);
    tape.linear(pictures, timeWidth, out, trained);
    tape.add(map(side) * out);
    tape.groupNorm(pictures, out, (double) side * side, trained);
    tape.activation(map(side) * out);
    tape.convolution(pictures, side, side, out, out, 3, 1, trained);
    if (in != out) {
      tape.convolution(pictures, side, side, in, out, 1, 1, trained);
    }
    tape.add(map(side) * out);
  }

  private void transformer(int level, int side) {
    double width = config.channels().get(level);
    double rows = map(side);
    tape.groupNorm(pictures, width, (double) side * side, trained);
    tape.linear(rows, width, width, trained);
    for (int i = 0; i < config.transformerLayers().get(level); i++) {
      block(width, config.heads().get(level), side);
    }
    tape.linear(rows, width, width, trained);
    tape.add(rows * width);
  }

  private void block(double width, int heads, int side) {
    double rows = map(side);
    double inner = FEED_FORWARD * width;
    tape.layerNorm(rows, width, trained);
    tape.linears(rows, width, trained, width, width, width);
    tape.attention(pictures, heads, (double) side * side, (double) side * side, width / heads);
    tape.linear(rows, width, width, trained);
    tape.add(rows * width);
    tape.layerNorm(rows, width, trained);
    crossAttention(width, heads, side);
    tape.add(rows * width);
    tape.layerNorm(rows, width, trained);
    tape.linear(rows, width, 2 * inner, trained);
    tape.pointwise(5 * rows * inner, 2, 8 * rows * inner, 4, 3 * rows * inner);
    tape.linear(rows, inner, width, trained);
  }

  /** The keys and values of the text are the UNet's own; those of the levels are always trained. */
  private void crossAttention(double width, int heads, int side) {
    double rows = map(side);
    double queries = (double) side * side;
    tape.linear(rows, width, width, trained);
    boolean experts = supervision.attention() == SupervisionConfig.Attention.MOE;
    if (experts) {
      tape.pointwise(rows * width, 1, 2 * rows * width, 2, 0);
      tape.linear(pictures, width, contextTokens.size(), true);
      tape.pointwise(2 * pictures, 2, 2 * pictures, 1, 0);
    }
    tape.joins(true);
    double keys = 0;
    for (int i = 0; i < contextTokens.size(); i++) {
      boolean own = experts && i > 0;
      tape.linears(
          pictures * contextTokens.get(i),
          config.crossAttentionDim(),
          own || trained,
          width,
          width);
      keys += contextTokens.get(i);
    }
    if (experts) {
      tape.expertAttention(pictures, heads, queries, keys, width / heads, contextTokens.size());
    } else {
      tape.attention(pictures, heads, queries, keys, width / heads);
    }
    tape.linear(rows, width, width, trained);
  }
}
