/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights;

import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;

/**
 * Named tensors that can be read one by one: a safetensors file, a sharded folder, or either seen
 * through a name mapping.
 */
public interface WeightSource extends AutoCloseable {
  /** All names, in file order. */
  Set<String> names();

  /** Shape of {@code name} without reading it. */
  long[] shape(String name);

  /** Type that {@code name} is stored in. */
  default ScalarType dtype(String name) {
    try (PointerScope scope = new PointerScope()) {
      return read(name).scalar_type().intern();
    }
  }

  /**
   * The tensor {@code name}, in the type it is stored in, on the CPU. It may be a read-only view of
   * a mapped file: copy it before writing to it.
   *
   * @throws DsVlmException if there is no such tensor
   */
  Tensor read(String name);

  /** Which file holds {@code name}, for error messages. */
  String where(String name);

  @Override
  void close();
}
