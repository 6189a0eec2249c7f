/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights;

import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** A {@link WeightSource} that passes on what another holds; subclasses change a part of it. */
public abstract class WeightFilter implements WeightSource {
  /** Where the tensors come from; closing this closes it. */
  protected final WeightSource source;

  protected WeightFilter(WeightSource source) {
    this.source = source;
  }

  @Override
  public Set<String> names() {
    return source.names();
  }

  @Override
  public long[] shape(String name) {
    return source.shape(name);
  }

  @Override
  public ScalarType dtype(String name) {
    return source.dtype(name);
  }

  @Override
  public Tensor read(String name) {
    return source.read(name);
  }

  @Override
  public String where(String name) {
    return source.where(name);
  }

  @Override
  public void close() {
    source.close();
  }
}
