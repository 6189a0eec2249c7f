/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import java.util.ArrayDeque;
import java.util.Deque;
import org.dsvlm.nn.cost.Operation.Function;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.nn.cost.Tape;

/** The operations of a {@link UNet}. */
final class UNetCost {
  private static final int FEED_FORWARD = 4;

  private final Tape tape;
  private final UNetConfig config;
  private final UNetPass pass;
  private final double pictures;
  private final boolean trained;
  private final double timeWidth;

  UNetCost(Tape tape, UNetConfig config, UNetPass pass) {
    this.tape = tape;
    this.config = config;
    this.pass = pass;
    this.pictures = pass.pictures();
    this.trained = pass.trained();
    this.timeWidth = config.timeWidth();
  }

  /** Writes them down. */
  void record() {
    int side = pass.side();
    tape.enter(Part.UNET, false);
    pass.crossAttention().keepContexts(tape);
    int levels = config.levels();
    double widest = config.channels().get(0);
    tape.linear(pictures, widest, timeWidth, true, trained);
    tape.activation(Function.SILU, pictures * timeWidth);
    tape.linear(pictures, timeWidth, timeWidth, true, trained);
    tape.enter(Part.UNET, pass.differentiated());
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
    normSilu(side, widest);
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
        double skip = skips.removeLast();
        double joined = width + skip;
        // The hidden state that joins went its own way too: its gradients are added up.
        tape.pointwise(2 * map(at) * joined, 1, map(at) * (2 * joined + 3 * skip), 3, 0);
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

  private void normSilu(int side, double width) {
    tape.groupNormSilu(pictures, width, (double) side * side, config.normGroups(), trained);
  }

  private void resnet(int side, double in, double out) {
    normSilu(side, in);
    tape.convolution(pictures, side, side, in, out, 3, 1, trained);
    tape.branch(trained, () -> timeProjection(out));
    // A number for each channel, whose gradient is a sum over the positions.
    tape.pointwise(2 * map(side) * out, 1, trained ? map(side) * out : 0, trained ? 1 : 0, 0);
    normSilu(side, out);
    tape.convolution(pictures, side, side, out, out, 3, 1, trained);
    if (in != out) {
      tape.keptAlready().convolution(pictures, side, side, in, out, 1, 1, trained);
    }
    tape.add(map(side) * out);
  }

  /** The time's embedding has a gradient where the layers that make it are trained. */
  private void timeProjection(double out) {
    tape.activation(Function.SILU, pictures * timeWidth);
    tape.linear(pictures, timeWidth, out, true, trained);
  }

  private void transformer(int level, int side) {
    double width = config.channels().get(level);
    double rows = map(side);
    double positions = (double) side * side;
    tape.groupNorm(pictures, width, positions, config.normGroups(), trained);
    tape.transposition(pictures, width, positions);
    tape.linear(rows, width, width, true, trained);
    for (int i = 0; i < config.transformerLayers().get(level); i++) {
      block(width, config.heads().get(level), side);
    }
    tape.linear(rows, width, width, true, trained);
    tape.transposition(pictures, width, positions);
    tape.add(rows * width);
  }

  private void block(double width, int heads, int side) {
    double rows = map(side);
    double inner = FEED_FORWARD * width;
    tape.layerNorm(rows, width, trained);
    double positions = (double) side * side;
    tape.linears(rows, width, false, trained, width, width, width);
    tape.attention(pictures, heads, heads, positions, positions, width / heads);
    tape.keptAlready().linear(rows, width, width, true, trained);
    tape.add(rows * width);
    tape.layerNorm(rows, width, trained);
    pass.crossAttention().record(tape, positions, width, heads);
    tape.add(rows * width);
    tape.layerNorm(rows, width, trained);
    tape.linear(rows, width, 2 * inner, true, trained);
    tape.activation(Function.GELU, rows * inner);
    // Value and gate are halves of one tensor, each with a gradient of its whole size; both are
    // kept, as is what the gate became.
    tape.pointwise(3 * rows * inner, 1, 20 * rows * inner, 7, 2 * rows * inner);
    tape.linear(rows, inner, width, true, trained);
    tape.add(rows * width);
  }
}
