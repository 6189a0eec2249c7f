/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;

/** Several {@link WeightSource}s as one: shards, or parts that lie in more than one folder. */
public final class JoinedWeights implements WeightSource {
  private final String where;
  private final List<WeightSource> sources;
  private final Map<String, WeightSource> sourceOfTensor = new LinkedHashMap<>();

  /**
   * Joins {@code sources}; closing this closes them.
   *
   * @param where the name of the whole, such as the folder, for messages about a missing tensor
   * @throws DsVlmException if two of them hold one name
   */
  public JoinedWeights(String where, List<? extends WeightSource> sources) {
    this.where = where;
    this.sources = List.copyOf(sources);
    for (WeightSource source : sources) {
      for (String name : source.names()) {
        WeightSource other = sourceOfTensor.put(name, source);
        if (other != null) {
          throw new DsVlmException(
              "tensor '"
                  + name
                  + "' is in both "
                  + other.where(name)
                  + " and "
                  + source.where(name));
        }
      }
    }
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(sourceOfTensor.keySet());
  }

  @Override
  public long[] shape(String name) {
    return source(name).shape(name);
  }

  @Override
  public ScalarType dtype(String name) {
    return source(name).dtype(name);
  }

  @Override
  public Tensor read(String name) {
    return source(name).read(name);
  }

  @Override
  public String where(String name) {
    WeightSource source = sourceOfTensor.get(name);
    return source == null ? where : source.where(name);
  }

  private WeightSource source(String name) {
    WeightSource source = sourceOfTensor.get(name);
    if (source == null) {
      throw new DsVlmException(where + ": no tensor '" + name + "'");
    }
    return source;
  }

  @Override
  public void close() {
    sources.forEach(WeightSource::close);
  }
}
