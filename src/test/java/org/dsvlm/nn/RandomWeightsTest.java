/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.function.Consumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.Test;

class RandomWeightsTest {
  private static final Consumer<Parameters> MODEL =
      root -> {
        Linear.withBias(root.at("linear"), 3, 5);
        new RmsNorm(root.at("norm"), 5, 1e-6);
        new Embedding(root.at("table"), Init.normal(0.5), 7, 3);
      };

  @Test
  void readsWhatAStoreWouldHold() {
    try (PointerScope scope = new PointerScope();
        ParameterStore store =
            ParameterStore.random(new RandomState(3), ScalarType.BFloat16, "cpu");
        RandomWeights weights = new RandomWeights(MODEL, new RandomState(3), ScalarType.BFloat16)) {
      MODEL.accept(store.root());
      assertThat(weights.names()).containsExactlyElementsOf(store.tensors().keySet());
      store
          .tensors()
          .forEach(
              (name, tensor) -> {
                Tensor read = weights.read(name);
                assertThat(read.equal(tensor)).as(name).isTrue();
                assertThat(weights.shape(name)).isEqualTo(Torch.shape(read));
                assertThat(weights.dtype(name)).isEqualTo(read.scalar_type().intern());
              });
      assertThat(weights.read("linear.weight").equal(weights.read("linear.weight"))).isTrue();
    }
  }

  @Test
  void knowsNoOtherName() {
    try (RandomWeights weights = new RandomWeights(MODEL, new RandomState(3), ScalarType.Float)) {
      assertThatThrownBy(() -> weights.read("bias"))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("'bias'");
    }
  }
}
