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
 * What follows the prompts: the newest token of each record in, the logits of the next out. Where
 * it can, in one native call a token; else the model as it stands, as on a GPU or with an adapter
 * that is not merged.
 */
final class NextTokens implements AutoCloseable {
  private final CausalLm languageModel;
  private final KvCache cache;
  private final @Nullable Tensor mask;
  private final @Nullable LlamaDecode decoder;
  private final Tensor starts;

  /**
   * Goes on where {@code cache} ends.
   *
   * @param mask int64 [batch, tokens to come at most], 0 for padding in front, if there is any
   * @param padding tokens of padding in front of each record
   */
  NextTokens(CausalLm languageModel, KvCache cache, @Nullable Tensor mask, long[] padding) {
    this.languageModel = languageModel;
    this.cache = cache;
    this.mask = mask;
    try (PointerScope scope = new PointerScope()) {
      starts = Torch.keep(Torch.of(padding, padding.length));
      decoder = decoder(padding.length);
    }
  }

  /** The native decoder, where it can be taken. */
  private @Nullable LlamaDecode decoder(int batch) {
    LlamaModel model = languageModel.model();
    Tensor table = model.embeddingTable();
    if (!LlamaDecode.runsOn(table, batch)) {
      return null;
    }
    DecoderWeights all = languageModel.decoderWeights();
    if (!all.plain()) {
      return null;
    }
    Tensor positions = torch.arange(Torch.scalar(cache.capacity()), Torch.options(ScalarType.Long));
    RotaryEmbedding.Angles angles = model.rotary().angles(positions, table);
    LlamaConfig config = languageModel.config();
    return new LlamaDecode(
        all.weights(),
        all.biases(),
        cache.tensors(),
        angles.cos(),
        angles.sin(),
        config.heads(),
        config.rmsNormEps());
  }

  /** Whether tokens are made in native code. */
  boolean inNativeCode() {
    return decoder != null;
  }

  /** newest: an id of each record; out: [batch, vocabulary]. */
  Tensor logits(long[] newest) {
    return Torch.tidy(
        () -> {
          if (decoder == null) {
            return layerByLayer(newest);
          }
          cache.checkRoom(1);
          Tensor logits = decoder.logits(Torch.of(newest, newest.length), starts, cache.length());
          cache.advance(1);
          return logits;
        });
  }

  private Tensor layerByLayer(long[] newest) {
    Tensor ids = Torch.of(newest, newest.length, 1).to(languageModel.device(), ScalarType.Long);
    Tensor seen = mask == null ? null : mask.narrow(1, 0, cache.length() + 1);
    LlamaModel model = languageModel.model();
    Tensor states = model.forward(model.embed(ids), seen, cache);
    return languageModel.logits(states).select(1, 0);
  }

  @Override
  public void close() {
    starts.close();
    if (decoder != null) {
      decoder.close();
    }
  }
}
