/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;

/**
 * A {@link WeightSource} seen through other names, such as one layout of a checkpoint read as
 * another.
 */
public final class RenamedWeights implements WeightSource {
  private final WeightSource source;
  private final Map<String, String> storedNames = new LinkedHashMap<>();
  private final List<String> hidden = new ArrayList<>();

  /**
   * Renames the tensors of {@code source}; closing this closes it.
   *
   * @param rename from a stored name to the name to be seen, or null to hide the tensor
   * @throws DsVlmException if two stored names become one
   */
  public RenamedWeights(WeightSource source, UnaryOperator<String> rename) {
    this.source = source;
    for (String stored : source.names()) {
      String name = rename.apply(stored);
      if (name == null) {
        hidden.add(stored);
      } else {
        String other = storedNames.put(name, stored);
        if (other != null) {
          throw new DsVlmException(
              source.where(stored)
                  + ": tensors '"
                  + other
                  + "' and '"
                  + stored
                  + "' both stand for '"
                  + name
                  + "'; the checkpoint mixes two layouts");
        }
      }
    }
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(storedNames.keySet());
  }

  /** Stored names of the tensors that are hidden. */
  public List<String> hidden() {
    return List.copyOf(hidden);
  }

  @Override
  public long[] shape(String name) {
    return source.shape(stored(name));
  }

  @Override
  public ScalarType dtype(String name) {
    return source.dtype(stored(name));
  }

  @Override
  public Tensor read(String name) {
    return source.read(stored(name));
  }

  /** The file, and the name that the tensor has in it. */
  @Override
  public String where(String name) {
    String stored = storedNames.get(name);
    if (stored == null || stored.equals(name)) {
      return source.where(name);
    }
    return source.where(stored) + " (stored as '" + stored + "')";
  }

  private String stored(String name) {
    String stored = storedNames.get(name);
    if (stored == null) {
      throw new DsVlmException(source.where(name) + ": no tensor '" + name + "'");
    }
    return stored;
  }

  @Override
  public void close() {
    source.close();
  }
}
