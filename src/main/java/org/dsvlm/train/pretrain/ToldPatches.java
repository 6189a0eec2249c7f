/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.models.vit.VisionTower;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFolder;

/**
 * Told by the pictures themselves: the patches that a low block of the vision tower gives, each
 * channel with mean 0 and deviation 1. A low block still knows where a patch stands; from the
 * higher ones of the small tower it can hardly be read.
 */
final class ToldPatches implements Told {
  /** The block, as the nano recipes' {@code supervision.levels.low}. */
  private static final int BLOCK = 2;

  /** Pictures that mean and deviation are taken of. */
  private static final int MEASURED = 300;

  private final WorldPart part;
  private final ParameterStore store;
  private final VisionTower tower;
  private final Tensor mean;
  private final Tensor deviation;

  ToldPatches(Workshop workshop, WorldPart part) {
    this.part = part;
    Path folder = workshop.part(VisionPart.NAME);
    VisionConfig config = VisionConfig.read(folder.resolve(ClipPart.CONFIG));
    try (WeightSource stored = WeightFolder.open(folder);
        PointerScope scope = new PointerScope()) {
      store = ParameterStore.from(stored, ScalarType.Float, "cpu");
      tower = config.tower(store.root().at(VisionPart.VISION));
      Tensor all = patches(part.first(MEASURED)).flatten(0, 1);
      mean = Torch.keep(all.mean(0));
      deviation = Torch.keep(all.std(0));
    }
  }

  /** Of the tower's hidden states, what the supervision takes of the patches at {@code block}. */
  static Tensor of(VisionTower tower, List<Tensor> states, int block) {
    Tensor state = states.get(block);
    return tower.patches(block == tower.config().layers() ? tower.output(state) : state);
  }

  /** Sizes of the tower that tells. */
  VisionConfig tower() {
    return tower.config();
  }

  /** Patches a side of a picture. */
  int aSide() {
    return tower.config().imageSize() / tower.config().patchSize();
  }

  private Tensor patches(long... rows) {
    return patches(BLOCK, rows);
  }

  /**
   * What {@code block} says of the patches, as the supervision takes it: [rows, patches, width].
   */
  Tensor patches(int block, long... rows) {
    return Torch.withoutGradient(
        () -> of(tower, tower.hiddenStates(NanoPixels.forClip(part.pictures(rows)), block), block));
  }

  /** What a LLaVA's connector takes, of the last block but one: [rows, patches, width]. */
  Tensor features(long... rows) {
    return patches(tower.config().layers() - 1, rows);
  }

  @Override
  public Tensor states(long... rows) {
    return Torch.tidy(() -> patches(rows).sub(mean).div(deviation));
  }

  @Override
  public void close() {
    mean.close();
    deviation.close();
    store.close();
  }
}
