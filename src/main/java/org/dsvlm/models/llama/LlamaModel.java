/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.kernels.ActivationCheckpoint;
import org.dsvlm.nn.Embedding;
import org.dsvlm.nn.Init;
import org.dsvlm.nn.Parameters;
import org.dsvlm.nn.RmsNorm;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/** Decoder of the Llama family without its output head: token embeddings, layers, final norm. */
public final class LlamaModel {
  private final LlamaConfig config;
  private final Embedding embedTokens;
  private final List<LlamaDecoderLayer> layers = new ArrayList<>();
  private final RmsNorm norm;
  private final RotaryEmbedding rotary;
  private boolean checkpointing;

  /** parameters: the view that holds {@code embed_tokens}, {@code layers} and {@code norm}. */
  public LlamaModel(Parameters parameters, LlamaConfig config) {
    this.config = config;
    embedTokens =
        new Embedding(
            parameters.at("embed_tokens"),
            Init.normal(config.initializerRange()),
            config.vocabularySize(),
            config.hiddenSize());
    for (int i = 0; i < config.layers(); i++) {
      layers.add(new LlamaDecoderLayer(parameters.at("layers").at(i), config));
    }
    norm = new RmsNorm(parameters.at("norm"), config.hiddenSize(), config.rmsNormEps());
    rotary = new RotaryEmbedding(config);
  }

  public LlamaConfig config() {
    return config;
  }

  /**
   * Sets whether training keeps only each layer's input and runs the layer again in the backward
   * pass. Gradients are the same bit for bit.
   */
  public void setCheckpointing(boolean recompute) {
    checkpointing = recompute;
  }

  /** Token embeddings: the table, [vocabulary, hidden]. */
  public Tensor embeddingTable() {
    return embedTokens.weight();
  }

  void addTo(DecoderWeights all) {
    all.add(embedTokens);
    layers.forEach(layer -> layer.addTo(all));
    all.add(norm);
  }

  RotaryEmbedding rotary() {
    return rotary;
  }

  /**
   * Embeddings of ids, int64 [batch, tokens] in, [batch, tokens, hidden] out. The ids are checked
   * where they are, so that those on the CPU do not make the host wait for the device.
   *
   * @throws DsVlmException for an id outside the table, naming the row of the batch and the token
   */
  public Tensor embed(Tensor ids) {
    checkIds(ids);
    return embedTokens.forward(Torch.onto(ids, embeddingTable().device(), ids.scalar_type()));
  }

  private void checkIds(Tensor ids) {
    long rows = config.vocabularySize();
    if (ids.numel() == 0 || (ids.max().item_long() < rows && ids.min().item_long() >= 0)) {
      return;
    }
    long[] values = Torch.longs(ids);
    long width = ids.size(ids.dim() - 1);
    for (int i = 0; i < values.length; i++) {
      if (values[i] < 0 || values[i] >= rows) {
        throw new DsVlmException(
            "record "
                + i / width
                + " of the batch, token "
                + i % width
                + ": id "
                + values[i]
                + " is outside the model's "
                + rows
                + " embedding rows; does the tokenizer belong"
                + " to this checkpoint?");
      }
    }
  }

  /**
   * The stream after the final norm.
   *
   * @param inputsEmbeds [batch, tokens, hidden]
   * @param attentionMask int64 [batch, tokens], 1 for a token and 0 for padding on either side;
   *     without it all are tokens
   * @return [batch, tokens, hidden]; rows of padding hold numbers without meaning
   */
  public Tensor forward(Tensor inputsEmbeds, @Nullable Tensor attentionMask) {
    return forward(inputsEmbeds, attentionMask, null);
  }

  /**
   * As {@link #forward(Tensor, Tensor)}, for tokens that follow those in {@code cache}, to which
   * they are added.
   *
   * @param attentionMask int64 [batch, cached and new tokens]
   */
  public Tensor forward(
      Tensor inputsEmbeds, @Nullable Tensor attentionMask, @Nullable KvCache cache) {
    return Torch.tidy(
        () -> {
          Context context = context(inputsEmbeds, attentionMask, cache);
          Tensor hiddenStates = inputsEmbeds;
          for (int i = 0; i < layers.size(); i++) {
            hiddenStates = layer(i, hiddenStates, context, cache);
          }
          if (cache != null) {
            cache.advance(inputsEmbeds.size(1));
          }
          return norm.forward(hiddenStates);
        });
  }

  /**
   * The last token's stream after the final norm, of a prompt that {@code cache} is to hold and
   * that follows what it holds. What only other tokens' streams would take is not computed.
   *
   * @param inputsEmbeds [batch, tokens, hidden]
   * @return [batch, hidden]
   */
  Tensor lastState(Tensor inputsEmbeds, KvCache cache) {
    return Torch.tidy(
        () -> {
          Context context = context(inputsEmbeds, null, cache);
          Tensor hiddenStates = inputsEmbeds;
          int top = layers.size() - 1;
          for (int i = 0; i < top; i++) {
            hiddenStates = layer(i, hiddenStates, context, cache);
          }
          Tensor last = layers.get(top).ofLast(hiddenStates, context.angles, cache.layer(top));
          cache.advance(inputsEmbeds.size(1));
          return norm.forward(last).select(1, 0);
        });
  }

  /**
   * The stream at every depth, [batch, tokens, hidden] each: the embeddings, the output of each
   * layer but the last, and the stream after the final norm.
   */
  public List<Tensor> hiddenStates(Tensor inputsEmbeds, @Nullable Tensor attentionMask) {
    return Torch.tidyAll(
        () -> {
          Context context = context(inputsEmbeds, attentionMask, null);
          List<Tensor> states = new ArrayList<>(List.of(inputsEmbeds));
          for (int i = 0; i < layers.size(); i++) {
            states.add(layer(i, states.get(i), context, null));
          }
          int last = layers.size();
          states.set(last, norm.forward(states.get(last)));
          return states;
        });
  }

  private Tensor layer(int index, Tensor hiddenStates, Context context, @Nullable KvCache cache) {
    LlamaDecoderLayer layer = layers.get(index);
    if (checkpointing && cache == null) {
      return ActivationCheckpoint.run(
          x -> layer.forward(x, context.angles, context.mask, null),
          hiddenStates,
          context.tensors());
    }
    KvCache.@Nullable Layer layerCache = cache == null ? null : cache.layer(index);
    return layer.forward(hiddenStates, context.angles, context.mask, layerCache);
  }

  /**
   * The inputs that all layers share: the angles of the positions, and the mask (without one: plain
   * causal).
   */
  private record Context(RotaryEmbedding.Angles angles, @Nullable Tensor mask) {
    List<Tensor> tensors() {
      return Stream.of(angles.cos(), angles.sin(), mask).filter(Objects::nonNull).toList();
    }
  }

  private Context context(
      Tensor inputsEmbeds, @Nullable Tensor attentionMask, @Nullable KvCache cache) {
    long tokens = inputsEmbeds.size(1);
    long past = cache == null ? 0 : cache.length();
    if (cache != null) {
      cache.checkRoom(tokens);
    }
    if (past + tokens > config.maxPositions()) {
      throw new DsVlmException(
          "a sequence of "
              + (past + tokens)
              + " tokens is longer than the model's context of "
              + config.maxPositions()
              + " (max_position_embeddings); shorten it");
    }
    return new Context(
        rotary.angles(
            Padding.positions(attentionMask, past, tokens, inputsEmbeds.device()), inputsEmbeds),
        Padding.visibility(attentionMask, past, tokens, inputsEmbeds.device()));
  }
}
