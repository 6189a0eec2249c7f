/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;

/**
 * Pictures distorted in two ways that differ from the original by the same squared error: one keeps
 * what is seen (moved by a pixel or two, brighter or darker, more or less contrast), the other
 * destroys part of it (blurred, made of coarse squares, two pieces exchanged, a piece covered by
 * another). The first is the closer one to the eye; squared error cannot tell.
 */
final class Distortions {
  /** kept, destroyed: of the shape of the original, in no set range. */
  record Pair(Tensor kept, Tensor destroyed) {}

  private static final int KINDS_KEPT = 3;
  private static final int KINDS_DESTROYED = 4;

  private Distortions() {}

  /** A pair for {@code picture}, [1, 3, side, side] in [-1, 1]. */
  static Pair of(Tensor picture, RandomState random) {
    Tensor kept = kept(picture, random.fork("kept"));
    Tensor destroyed = destroyed(picture, random.fork("destroyed"));
    double errorKept = error(kept, picture);
    double errorDestroyed = error(destroyed, picture);
    double common = Math.min(errorKept, errorDestroyed);
    return new Pair(
        towards(picture, kept, Math.sqrt(common / Math.max(errorKept, 1e-12))),
        towards(picture, destroyed, Math.sqrt(common / Math.max(errorDestroyed, 1e-12))));
  }

  private static double error(Tensor x, Tensor original) {
    return Torch.item(x.sub(original).square().mean());
  }

  private static Tensor towards(Tensor original, Tensor distorted, double share) {
    return distorted.sub(original).mul(Torch.scalar(share)).add(original);
  }

  /** {@code x} moved, brighter or darker, or of more or less contrast. */
  static Tensor kept(Tensor x, RandomState random) {
    double sign = random.fork("sign").below(2) == 0 ? 1 : -1;
    double strength = random.fork("strength").unit();
    return switch ((int) random.fork("kind").below(KINDS_KEPT)) {
      case 0 -> moved(x, sign, random);
      case 1 -> x.add(Torch.scalar(sign * (0.2 + 0.3 * strength)));
      default -> x.mul(Torch.scalar(sign > 0 ? 1.2 + 0.3 * strength : 0.8 - 0.3 * strength));
    };
  }

  /** By one or two pixels along one side or both; what comes in repeats the edge. */
  private static Tensor moved(Tensor x, double sign, RandomState random) {
    long by = 1 + random.fork("by").below(2);
    long side = x.size(2);
    Tensor padded = torch.replication_pad2d(x, by, by, by, by);
    long down = sign > 0 ? 2 * by : 0;
    long right = random.fork("right").below(3) * by;
    return padded.narrow(2, down, side).narrow(3, right, side);
  }

  private static Tensor destroyed(Tensor x, RandomState random) {
    long coarse = 2 + 2 * random.fork("coarse").below(2);
    return switch ((int) random.fork("kind").below(KINDS_DESTROYED)) {
      case 0 -> blurred(x, 1 + random.fork("radius").below(2));
      case 1 -> torch.upsample_nearest2d(torch.avg_pool2d(x, coarse, coarse), x.size(2), x.size(3));
      case 2 -> pasted(x, random, true);
      default -> pasted(x, random, false);
    };
  }

  private static Tensor blurred(Tensor x, long radius) {
    Tensor padded = torch.replication_pad2d(x, radius, radius, radius, radius);
    long[] kernel = {2 * radius + 1, 2 * radius + 1};
    return torch.avg_pool2d(
        padded, kernel, new long[] {1, 1}, new long[] {0, 0}, false, true, new LongOptional());
  }

  /** One quarter-sided piece copied over another, or both exchanged. */
  private static Tensor pasted(Tensor x, RandomState random, boolean exchanged) {
    long piece = x.size(2) / 4;
    long cells = 16;
    long from = random.fork("from").below(cells);
    long to = (from + 1 + random.fork("to").below(cells - 1)) % cells;
    Tensor result = x.clone();
    cell(result, to, piece).copy_(cell(x, from, piece));
    if (exchanged) {
      cell(result, from, piece).copy_(cell(x, to, piece));
    }
    return result;
  }

  private static Tensor cell(Tensor x, long number, long piece) {
    return x.narrow(2, number / 4 * piece, piece).narrow(3, number % 4 * piece, piece);
  }
}
