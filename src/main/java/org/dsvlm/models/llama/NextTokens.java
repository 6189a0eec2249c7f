/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.kernels.LlamaDecode;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * The newest token of each record in, the logits of the next out. Where it can, in one native call
 * a token, which computes each record the same bit for bit whatever stands beside it; else by the
 * model layer by layer, as on a GPU or with an adapter that is not merged.
 */
final class NextTokens implements AutoCloseable {
  private final CausalLm languageModel;
  private final KvCache cache;
  private RotaryEmbedding.@Nullable Angles angles;
  private @Nullable LlamaDecode decoder;

  /** Goes on where {@code cache} ends. */
  NextTokens(CausalLm languageModel, KvCache cache) {
    this.languageModel = languageModel;
    this.cache = cache;
    refresh();
  }

  /** Takes note of rows that came into use or went out of it, and of the cache's other memory. */
  void refresh() {
    if (!inNativeCode(languageModel)) {
      return;
    }
    if (decoder != null) {
      decoder.close();
      decoder = null;
    }
    RotaryEmbedding.Angles ofPositions = angles;
    if (ofPositions == null || ofPositions.cos().size(0) < cache.capacity()) {
      closeAngles();
      ofPositions = angles(cache.capacity());
      angles = ofPositions;
    }
    decoder = open(ofPositions);
  }

  private RotaryEmbedding.Angles angles(long count) {
    try (PointerScope scope = new PointerScope()) {
      LlamaModel model = languageModel.model();
      Tensor positions = torch.arange(Torch.scalar(count), Torch.options(ScalarType.Long));
      RotaryEmbedding.Angles all = model.rotary().angles(positions, model.embeddingTable());
      Torch.keep(all.cos());
      Torch.keep(all.sin());
      return all;
    }
  }

  private void closeAngles() {
    if (angles != null) {
      angles.cos().close();
      angles.sin().close();
      angles = null;
    }
  }

  private LlamaDecode open(RotaryEmbedding.Angles ofPositions) {
    try (PointerScope scope = new PointerScope()) {
      LlamaConfig config = languageModel.config();
      DecoderWeights weights = languageModel.decoderWeights();
      return new LlamaDecode(
          weights.weights(),
          weights.biases(),
          cache.tensors(),
          ofPositions.cos(),
          ofPositions.sin(),
          config.heads(),
          config.rmsNormEps());
    }
  }

  /** Whether tokens of this model are made in native code. */
  static boolean inNativeCode(CausalLm languageModel) {
    try (PointerScope scope = new PointerScope()) {
      return LlamaDecode.runsOn(languageModel.model().embeddingTable())
          && languageModel.decoderWeights().plain();
    }
  }

  /** Whether tokens are made in native code. */
  boolean inNativeCode() {
    return decoder != null;
  }

  /**
   * Logits of the next tokens, [batch, vocabulary].
   *
   * @param newest an id of each record
   * @param starts of each record the first token in the cache; all 0 outside of native code
   */
  Tensor logits(long[] newest, long[] starts) {
    return Torch.tidy(
        () -> {
          cache.checkRoom(1);
          LlamaDecode inNativeCode = decoder;
          if (inNativeCode == null) {
            return layerByLayer(newest);
          }
          Tensor logits =
              inNativeCode.logits(
                  Torch.of(newest, newest.length), Torch.of(starts, starts.length), cache.length());
          cache.advance(1);
          return logits;
        });
  }

  private Tensor layerByLayer(long[] newest) {
    Tensor ids = Torch.of(newest, newest.length, 1).to(languageModel.device(), ScalarType.Long);
    LlamaModel model = languageModel.model();
    Tensor states = model.forward(model.embed(ids), null, cache);
    return languageModel.logits(states).select(1, 0);
  }

  @Override
  public void close() {
    if (decoder != null) {
      decoder.close();
      decoder = null;
    }
    closeAngles();
  }
}
