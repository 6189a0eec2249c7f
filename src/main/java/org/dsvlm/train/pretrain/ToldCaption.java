/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.models.vit.ClipPair;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.Torch;
import org.dsvlm.text.Tokenizer;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFolder;

/**
 * Told by captions: the states of CLIP's text tower. The row after the last is the empty caption.
 */
final class ToldCaption implements Told {
  private final ParameterStore store;
  private final ClipPair clip;
  private final ClipTexts captions;
  private final long empty;

  ToldCaption(Workshop workshop, WorldPart part) {
    Path folder = workshop.part(ClipPart.NAME);
    try (WeightSource stored = WeightFolder.open(folder);
        Tokenizer tokenizer = Tokenizer.open(folder)) {
      store = ParameterStore.from(stored, ScalarType.Float, "cpu");
      clip = ClipPart.open(folder, store);
      List<String> texts = new ArrayList<>();
      for (int i = 0; i < part.size(); i++) {
        texts.add(part.caption(i));
      }
      texts.add("");
      captions = new ClipTexts(tokenizer, texts, clip.sizes().text().maxPositions());
      empty = part.size();
    }
  }

  @Override
  public Tensor states(long... rows) {
    return Torch.withoutGradient(() -> clip.text().states(captions.rows(rows)));
  }

  /** The row of the empty caption. */
  long empty() {
    return empty;
  }

  /** Width of the states. */
  int width() {
    return clip.sizes().text().hiddenSize();
  }

  @Override
  public void close() {
    store.close();
  }
}
