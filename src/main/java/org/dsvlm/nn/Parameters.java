/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import org.bytedeco.pytorch.Tensor;

/**
 * A scoped view of a {@link ParameterStore}: {@code at("self_attn.q_proj")} goes one level down,
 * and {@link #get} asks for a tensor whose checkpoint name is the path so far plus its own.
 */
public final class Parameters {
  private final ParameterStore store;
  private final String prefix;

  Parameters(ParameterStore store, String prefix) {
    this.store = store;
    this.prefix = prefix;
  }

  /** The view below {@code path} (dots allowed). */
  public Parameters at(String path) {
    return new Parameters(store, prefix + path + ".");
  }

  /** The view below the numbered child {@code index}. */
  public Parameters at(int index) {
    return at(Integer.toString(index));
  }

  /**
   * The parameter {@code name} of {@code shape}; asking twice gives the same tensor.
   *
   * @throws org.dsvlm.io.DsVlmException if the checkpoint lacks it or has another shape
   */
  public Tensor get(String name, Init init, long... shape) {
    return store.get(prefix + name, init, shape);
  }

  /** Whether {@code name} is already made, or stored in the checkpoint. */
  public boolean has(String name) {
    return store.has(prefix + name);
  }

  /** Whether values come from a checkpoint rather than from their {@link Init}. */
  public boolean loaded() {
    return store.loaded();
  }

  /**
   * Whether to build an optional part, which has the parameter {@code name}. Where values come from
   * a checkpoint, it is built if the checkpoint holds that parameter.
   */
  public boolean optional(String name) {
    return store.optional(prefix + name);
  }

  /** Shape of {@code name} in the checkpoint. */
  public long[] storedShape(String name) {
    return store.storedShape(prefix + name);
  }

  /** Tells the store of a linear layer whose parameters these are. */
  void add(Linear linear) {
    store.add(prefix.isEmpty() ? "" : prefix.substring(0, prefix.length() - 1), linear);
  }

  /** Full checkpoint name of {@code name} here. */
  public String name(String name) {
    return prefix + name;
  }
}
