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
import org.dsvlm.io.OpenState;
import org.dsvlm.tensor.Torch;

/**
 * Keys and values of the tokens seen so far, for generation. Memory is written in place; nothing
 * here records gradients.
 */
public final class KvCache implements AutoCloseable {
  private final List<Layer> layers = new ArrayList<>();
  private final OpenState open = new OpenState("the cache");
  private long capacity;
  private long rows;
  private long length;

  /** One layer's keys and values, [batch, keyValueHeads, capacity, headDim] each. */
  final class Layer {
    private Tensor keys;
    private Tensor values;

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
      // The first tokens are handed back as they came: how they lie does not hang on the cache.
      return length == 0 ? added : store.narrow(2, 0, length + tokens);
    }

    private void resize(long allRows, long tokens, long begin, long to) {
      keys = resized(keys, allRows, tokens, begin, to);
      values = resized(values, allRows, tokens, begin, to);
    }

    private Tensor resized(Tensor old, long allRows, long tokens, long begin, long to) {
      long[] shape = {allRows, old.size(1), tokens, old.size(3)};
      Tensor other = Torch.keep(torch.empty(shape, old.options(), null));
      tokens(other, to, length - begin).copy_(tokens(old, begin, length - begin));
      old.close();
      return other;
    }

    private void moveTokens(long begin, long to) {
      for (Tensor tensor : List.of(keys, values)) {
        // Both may overlap, and what a copy makes of that is not defined.
        tokens(tensor, to, length - begin).copy_(tokens(tensor, begin, length - begin).clone());
      }
    }

    private Tensor tokens(Tensor store, long begin, long count) {
      return store.narrow(0, 0, rows).narrow(2, begin, count);
    }

    private void moveRow(long from, long to) {
      for (Tensor tensor : List.of(keys, values)) {
        tensor
            .select(0, to)
            .narrow(1, 0, length)
            .copy_(tensor.select(0, from).narrow(1, 0, length));
      }
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
    this.rows = batch;
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

  private KvCache(KvCache whole, long row, long begin) {
    capacity = whole.capacity - begin;
    rows = 1;
    try (PointerScope scope = new PointerScope()) {
      for (Layer layer : whole.layers) {
        layers.add(new Layer(part(layer.keys, row, begin), part(layer.values, row, begin)));
      }
    }
  }

  private Tensor part(Tensor ofAllRows, long row, long begin) {
    return ofAllRows.narrow(0, row, 1).narrow(2, begin, capacity);
  }

  /**
   * One row of this cache from the token at {@code begin} on, as an empty cache of its own in the
   * same memory. What is written there counts here once it is {@link #advance advanced} over.
   */
  KvCache row(long row, long begin) {
    open.require();
    return new KvCache(this, row, begin);
  }

  /**
   * Takes other memory. Of each row in use the tokens from {@code begin} on stay, and lie from
   * {@code to} on; the length changes with that.
   *
   * @param allRows that there is memory for
   * @param tokens of each row that there is memory for
   */
  void resize(long allRows, long tokens, long begin, long to) {
    open.require();
    for (Layer layer : layers) {
      try (PointerScope scope = new PointerScope()) {
        layer.resize(allRows, tokens, begin, to);
      }
    }
    capacity = tokens;
    length += to - begin;
  }

  /** As {@link #resize}, within the memory that there is. */
  void move(long begin, long to) {
    open.require();
    for (Layer layer : layers) {
      try (PointerScope scope = new PointerScope()) {
        layer.moveTokens(begin, to);
      }
    }
    length += to - begin;
  }

  /** Rows that there is memory for. */
  long allRows() {
    open.require();
    return layers.get(0).keys.size(0);
  }

  /** The first {@code count} rows are in use from now on. */
  void use(long count) {
    rows = count;
  }

  /** Lets go of a row; the last one in use takes its number. */
  void drop(long row) {
    open.require();
    rows--;
    if (row < rows) {
      layers.forEach(layer -> layer.moveRow(rows, row));
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

  /** Keys and values of each layer in turn, of all rows in use. */
  List<Tensor> tensors() {
    open.require();
    return layers.stream()
        .flatMap(layer -> Stream.of(layer.keys, layer.values))
        .map(tensor -> tensor.narrow(0, 0, rows))
        .toList();
  }

  Layer layer(int index) {
    open.require();
    return layers.get(index);
  }

  void checkRoom(long tokens) {
    open.require();
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
    open.close();
    for (Layer layer : layers) {
      layer.keys.close();
      layer.values.close();
    }
    layers.clear();
  }
}
