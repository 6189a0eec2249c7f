/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Several {@link WeightSource}s as one: a model whose parts lie in more than one folder. */
public final class JoinedWeights implements WeightSource {
  private final List<WeightSource> sources;
  private final Map<String, WeightSource> sourceOfTensor = new LinkedHashMap<>();

  /**
   * Joins {@code sources}; closing this closes them.
   *
   * @throws DsVlmException if two of them hold one name
   */
  public JoinedWeights(WeightSource... sources) {
    this.sources = List.of(sources);
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
    return source(name).where(name);
  }

  /** Who holds {@code name}; the first for a name that none has, which then complains of it. */
  private WeightSource source(String name) {
    return sourceOfTensor.getOrDefault(name, sources.get(0));
  }

  @Override
  public void close() {
    sources.forEach(WeightSource::close);
  }
}
