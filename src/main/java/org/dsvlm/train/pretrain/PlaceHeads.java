/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.models.vit.VisionTower;
import org.dsvlm.nn.Init;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;
import org.dsvlm.train.RidgeProbe;

/**
 * Linear heads that find, of a picture's patches, the one that stands at a given place: for each
 * place a query, with which the patches' features are weighed by a softmax over the picture. That
 * is what a cross-attention of the UNet has to do that paints a picture from its patches. A block
 * whose patches do not know where they stand cannot be attended to by place, however long the UNet
 * learns.
 */
final class PlaceHeads {
  /** Patches of each picture that a figure asks for. */
  private static final int ASKED = 4;

  private static final int AT_ONCE = 50;

  private final Map<Integer, Linear> heads = new LinkedHashMap<>();

  /**
   * Heads of {@code width} features.
   *
   * @param blocks of the tower
   */
  PlaceHeads(Parameters path, List<Integer> blocks, int width, int patches) {
    for (int block : blocks) {
      Init init = Init.normal(1 / Math.sqrt(width));
      heads.put(block, Linear.of(path.at(block), init, width, patches, false));
    }
  }

  /**
   * The cross-entropy of the patch that stands at a place, a mean over places and blocks, in nats.
   *
   * @param states of the tower, from the embeddings on
   */
  Tensor loss(VisionTower tower, List<Tensor> states) {
    return Torch.tidy(
        () -> {
          List<Tensor> losses = new ArrayList<>();
          heads.forEach(
              (block, head) -> {
                // [rows, patches, places]; the softmax runs over the patches.
                Tensor scores = head.forward(ToldPatches.of(tower, states, block));
                Tensor shares = torch.log_softmax(scores, 1).diagonal(0, 1, 2);
                losses.add(shares.mean().neg());
              });
          return Torch.stack(0, losses.toArray(Tensor[]::new)).mean();
        });
  }

  /**
   * How often a ridge regression finds the place of a patch from its features: some patches of each
   * picture, each judged by a fit on all others.
   *
   * @param block of the tower
   */
  static double found(WorldPart part, VisionTower tower, int block) {
    List<String> places = new ArrayList<>();
    try (PointerScope scope = new PointerScope()) {
      List<Tensor> chosen = new ArrayList<>();
      for (int first = 0; first < part.size(); first += AT_ONCE) {
        long[] rows = LongStream.range(first, Math.min(part.size(), first + AT_ONCE)).toArray();
        Tensor all =
            Torch.withoutGradient(
                () ->
                    ToldPatches.of(
                        tower,
                        tower.hiddenStates(NanoPixels.forClip(part.pictures(rows)), block),
                        block));
        for (int i = 0; i < rows.length * ASKED; i++) {
          long place = (rows[0] * ASKED + i) % all.size(1);
          places.add(Long.toString(place));
          chosen.add(all.select(0, i / ASKED).narrow(0, place, 1));
        }
      }
      return RidgeProbe.of(Torch.cat(0, chosen.toArray(Tensor[]::new)), places).accuracy();
    }
  }
}
