/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.models.diffusion.CrossAttention;
import org.dsvlm.models.diffusion.PlainCrossAttention;
import org.dsvlm.tensor.Torch;

/**
 * A UNet's own cross-attention that is guided while it trains: told in patches, a position of the
 * map should attend to the patch that it lies in (after the guided attention of Tachibana et al.
 * 2018, where it is speech that goes along a text). Nothing but the padding at the borders tells a
 * position where it is, so without guidance some thousand steps do not teach it. Half of the heads
 * are guided; the others look where they like.
 */
final class GuidedCrossAttention implements CrossAttention {
  private final PlainCrossAttention base;
  private final Guide guide;

  private GuidedCrossAttention(PlainCrossAttention base, Guide guide) {
    this.base = base;
    this.guide = guide;
  }

  /** Gathers what the attentions of a pass are away from where they should attend. */
  static final class Guide {
    private final int side;
    private final List<Tensor> distances = new ArrayList<>();

    /** side: patches a side of a picture. */
    Guide(int side) {
      this.side = side;
    }

    CrossAttention over(PlainCrossAttention base) {
      return new GuidedCrossAttention(base, this);
    }

    /** The mean over the attentions since the last call, in nats; there must have been one. */
    Tensor distance() {
      Tensor mean = Torch.tidy(() -> Torch.stack(0, distances.toArray(Tensor[]::new)).mean());
      distances.forEach(Tensor::close);
      distances.clear();
      return mean;
    }

    /** For each position the shares of the patches that it lies in, [positions, patches]. */
    Tensor targets(int positions) {
      int map = (int) Math.round(Math.sqrt(positions));
      int least = Math.max(map, side);
      float[] shares = new float[positions * side * side];
      float share = (float) map * map / (least * least);
      for (int row = 0; row < least; row++) {
        for (int column = 0; column < least; column++) {
          int position = row * map / least * map + column * map / least;
          int patch = row * side / least * side + column * side / least;
          shares[position * side * side + patch] += share;
        }
      }
      return Torch.of(shares, positions, (long) side * side);
    }
  }

  @Override
  public Tensor forward(Tensor hiddenStates, List<Tensor> contexts) {
    if (contexts.get(0).size(1) != (long) guide.side * guide.side) {
      return base.forward(hiddenStates, contexts);
    }
    return Torch.tidy(
        () -> {
          Tensor q = heads(base.toQ().forward(hiddenStates));
          Tensor k = heads(base.toK().forward(contexts.get(0)));
          Tensor v = heads(base.toV().forward(contexts.get(0)));
          Tensor scores =
              torch.matmul(q.mul(Torch.scalar(1 / Math.sqrt(q.size(3)))), k.transpose(2, 3));
          Tensor guided = torch.log_softmax(scores.narrow(1, 0, base.heads() / 2), -1);
          Tensor targets = guide.targets((int) scores.size(2));
          guide.distances.add(Torch.keep(guided.mul(targets).sum(-1).mean().neg()));
          Tensor mixed = torch.matmul(torch.softmax(scores, -1), v);
          return base.toOut().forward(mixed.transpose(1, 2).flatten(2, -1));
        });
  }

  /** [batch, tokens, inner] to [batch, heads, tokens, head width]. */
  private Tensor heads(Tensor x) {
    return x.unflatten(2, base.heads(), -1).transpose(1, 2);
  }
}
