/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import org.bytedeco.pytorch.Tensor;
import org.dsvlm.nn.Attention;
import org.dsvlm.nn.Init;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.Parameters;
import org.jspecify.annotations.Nullable;

/** Causal self-attention with rotary positions; a key head may serve a group of query heads. */
final class LlamaAttention {
  private final Linear query;
  private final Linear key;
  private final Linear value;
  private final Linear output;
  private final int heads;
  private final int keyValueHeads;

  LlamaAttention(Parameters parameters, LlamaConfig config) {
    heads = config.heads();
    keyValueHeads = config.keyValueHeads();
    Init init = Init.normal(config.initializerRange());
    int width = config.hiddenSize();
    int queryWidth = heads * config.headDim();
    int keyWidth = keyValueHeads * config.headDim();
    boolean bias = config.queryKeyValueBias();
    query = Linear.of(parameters.at("q_proj"), init, width, queryWidth, bias);
    key = Linear.of(parameters.at("k_proj"), init, width, keyWidth, bias);
    value = Linear.of(parameters.at("v_proj"), init, width, keyWidth, bias);
    output = Linear.of(parameters.at("o_proj"), init, queryWidth, width, config.outputBias());
  }

  void addTo(DecoderWeights all) {
    all.add(query);
    all.add(key);
    all.add(value);
    all.add(output);
  }

  /**
   * hiddenStates: [batch, tokens, hidden] in, the same out.
   *
   * @param mask which keys each query sees, [batch or 1, 1, tokens, keys], true takes part; without
   *     it all up to its own position
   * @param cache keys and values of earlier tokens, extended by these
   */
  Tensor forward(
      Tensor hiddenStates,
      RotaryEmbedding.Angles angles,
      @Nullable Tensor mask,
      KvCache.@Nullable Layer cache) {
    return forward(hiddenStates, angles, hiddenStates, angles, mask, cache);
  }

  /**
   * As {@link #forward(Tensor, RotaryEmbedding.Angles, Tensor, KvCache.Layer) forward}, of the last
   * token alone, [batch, 1, hidden]; it sees all others. angles: [tokens, headDim].
   */
  Tensor ofLast(Tensor hiddenStates, RotaryEmbedding.Angles angles, KvCache.Layer cache) {
    long last = hiddenStates.size(1) - 1;
    RotaryEmbedding.Angles own =
        new RotaryEmbedding.Angles(
            angles.cos().narrow(0, last, 1), angles.sin().narrow(0, last, 1));
    return forward(hiddenStates.narrow(1, last, 1), own, hiddenStates, angles, null, cache);
  }

  private Tensor forward(
      Tensor queries,
      RotaryEmbedding.Angles queryAngles,
      Tensor hiddenStates,
      RotaryEmbedding.Angles angles,
      @Nullable Tensor mask,
      KvCache.@Nullable Layer cache) {
    Tensor q = Attention.splitHeads(query.forward(queries), heads);
    Tensor k = Attention.splitHeads(key.forward(hiddenStates), keyValueHeads);
    Tensor v = Attention.splitHeads(value.forward(hiddenStates), keyValueHeads);
    q = RotaryEmbedding.rotate(q, queryAngles);
    k = RotaryEmbedding.rotate(k, angles);
    if (cache != null) {
      k = cache.appendKeys(k);
      v = cache.appendValues(v);
    }
    return output.forward(Attention.joinHeads(attend(q, k, v, mask)));
  }

  private static Tensor attend(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask) {
    if (mask != null) {
      return Attention.masked(q, k, v, mask);
    }
    if (q.size(2) == 1 && q.size(1) == k.size(1)) {
      return Attention.full(q, k, v); // the newest token sees every key
    }
    if (q.size(2) == 1) {
      // One query a head: the query heads of a group stand in as tokens, so that no key is
      // repeated.
      long group = q.size(1) / k.size(1);
      Tensor grouped = q.reshape(q.size(0), k.size(1), group, q.size(3));
      return Attention.full(grouped, k, v).reshape(q.size(0), q.size(1), 1, q.size(3));
    }
    return Attention.causal(q, k, v);
  }
}
