/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights;

import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;

/** Tensors in memory as a {@link WeightSource}. They stay the caller's: closing this frees none. */
public final class HeldWeights implements WeightSource {
  private final Map<String, Tensor> tensors;

  public HeldWeights(Map<String, Tensor> tensors) {
    this.tensors = tensors;
  }

  @Override
  public Set<String> names() {
    return tensors.keySet();
  }

  @Override
  public long[] shape(String name) {
    return Torch.shape(tensor(name));
  }

  @Override
  public ScalarType dtype(String name) {
    return tensor(name).scalar_type().intern();
  }

  @Override
  public Tensor read(String name) {
    return Torch.tidy(() -> tensor(name).alias());
  }

  private Tensor tensor(String name) {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new DsVlmException(where(name) + ": no tensor '" + name + "'");
    }
    return tensor;
  }

  @Override
  public String where(String name) {
    return "the model in memory";
  }

  @Override
  public void close() {}
}
