/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.tensor.Torch;

/**
 * Several tensors of one batch in one: each row of the packed tensor holds one picture's values of
 * all of them in turn.
 *
 * @param shapes of the parts, the first dimension being the batch
 */
record Packing(List<long[]> shapes) {
  static Packing of(Tensor first, List<Tensor> others) {
    return new Packing(parts(first, others).map(Torch::shape).toList());
  }

  /** [batch, values of all parts]. */
  static Tensor pack(Tensor first, List<Tensor> others) {
    return Torch.tidy(
        () ->
            Torch.cat(
                1, parts(first, others).map(part -> part.flatten(1, -1)).toArray(Tensor[]::new)));
  }

  private static Stream<Tensor> parts(Tensor first, List<Tensor> others) {
    return Stream.concat(Stream.of(first), others.stream());
  }

  /** The parts again, views of {@code packed}. */
  List<Tensor> unpack(Tensor packed) {
    List<Tensor> parts = new ArrayList<>();
    long offset = 0;
    for (long[] shape : shapes) {
      long length = 1;
      for (int i = 1; i < shape.length; i++) {
        length *= shape[i];
      }
      parts.add(packed.narrow(1, offset, length).reshape(shape));
      offset += length;
    }
    return parts;
  }
}
