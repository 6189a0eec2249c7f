/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;

/**
 * Keys and values of the tokens seen so far, for generation. All memory is taken at once and
 * written in place; nothing here records gradients.
 */
public final class KvCache implements AutoCloseable {
  private final List<Layer> layers = new ArrayList<>();
  private final long capacity;
  private long length;

  /** One layer's keys and values, [batch, keyValueHeads, capacity, headDim] each. */
  final class Layer {
    private final Tensor keys;
    private final Tensor values;

    private Layer(Tensor keys, Tensor values) {
      this.keys = Torch.keep(keys);
      this.values = Torch.keep(values);
    }

    /** newKeys: [batch, keyValueHeads, tokens, headDim]; out: those of all tokens so far. */
    Tensor appendKeys(Tensor newKeys) {
      return append(keys, newKeys);
    }

    /** newValues: [batch, keyValueHeads, tokens, headDim]; out: those of all tokens so far. */
    Tensor appendValues(Tensor newValues) {
      return append(values, newValues);
    }

    private Tensor append(Tensor store, Tensor added) {
      long tokens = added.size(2);
      store.narrow(2, length, tokens).copy_(added);
      return store.narrow(2, 0, length + tokens);
    }
  }

  /**
   * An empty cache.
   *
   * @param capacity the most tokens it can hold for each of {@code batch} records
   * @param like a tensor of the type and on the device of the model
   */
  public KvCache(LlamaConfig config, long batch, long capacity, Tensor like) {
    this.capacity = capacity;
    long[] shape = {batch, config.keyValueHeads(), capacity, config.headDim()};
    try (PointerScope scope = new PointerScope()) {
      for (int i = 0; i < config.layers(); i++) {
        layers.add(
            new Layer(
                torch.empty(shape, like.options(), null),
                torch.empty(shape, like.options(), null)));
      }
    }
  }

  /** Tokens held. */
  public long length() {
    return length;
  }

  /** Tokens it can hold. */
  long capacity() {
    return capacity;
  }

  /** Keys and values of each layer in turn, whole. */
  List<Tensor> tensors() {
    return layers.stream().flatMap(layer -> Stream.of(layer.keys, layer.values)).toList();
  }

  Layer layer(int index) {
    return layers.get(index);
  }

  void checkRoom(long tokens) {
    if (length + tokens > capacity) {
      throw new DsVlmException(
          "the cache was made for "
              + capacity
              + " tokens and holds "
              + length
              + "; "
              + tokens
              + " more do not fit");
    }
  }

  void advance(long tokens) {
    length += tokens;
  }

  @Override
  public void close() {
    for (Layer layer : layers) {
      layer.keys.close();
      layer.values.close();
    }
    layers.clear();
  }
}
