/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.Test;

class AdapterTest {
  private static final long FEATURE = 6;
  private static final long CROSS = 4;

  @Test
  void linearIsOneMatrixAndABias() {
    try (PointerScope scope = new PointerScope();
        ParameterStore store = store()) {
      Adapter adapter = adapter(store, AdapterConfig.linear());
      Tensor feature = feature(2, 3);
      Map<String, Tensor> parameters = store.tensors();
      assertThat(parameters.keySet()).containsExactly("adapters.low.weight", "adapters.low.bias");
      Tensor expected =
          feature
              .matmul(parameters.get("adapters.low.weight").t())
              .add(parameters.get("adapters.low.bias"));
      assertThat(Torch.doubles(adapter.forward(feature)))
          .containsExactly(Torch.doubles(expected), within(1e-12));
    }
  }

  @Test
  void mlpKeepsTheTokens() {
    try (PointerScope scope = new PointerScope();
        ParameterStore store = store()) {
      Adapter adapter = adapter(store, config(StandardAdapter.MLP));
      assertThat(Torch.shape(adapter.forward(feature(2, 5)))).containsExactly(2, 5, CROSS);
      assertThat(store.tensors())
          .containsOnlyKeys(
              "adapters.low.linear_1.weight",
              "adapters.low.linear_1.bias",
              "adapters.low.linear_2.weight",
              "adapters.low.linear_2.bias");
    }
  }

  @Test
  void qformerHasAsManyTokensAsQueriesAndReadsThemAll() {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard();
        ParameterStore store = store()) {
      Adapter adapter = adapter(store, config(StandardAdapter.QFORMER));
      Tensor feature = feature(2, 5);
      Tensor context = adapter.forward(feature);
      assertThat(Torch.shape(context)).containsExactly(2, 3, CROSS);
      for (int token = 0; token < 5; token++) {
        Tensor changed = feature.clone();
        changed.select(1, token).select(0, 0).add_(Torch.of(new double[] {1, -1, 2, 0, 3, 1}, 6));
        Tensor difference = adapter.forward(changed).sub(context).abs();
        assertThat(Torch.item(difference.select(0, 0).max())).as("token %d", token).isPositive();
        assertThat(Torch.item(difference.select(0, 1).max())).as("the other picture").isZero();
      }
    }
  }

  @Test
  void rejectsEmptyQformers() {
    assertThatThrownBy(() -> new AdapterConfig(StandardAdapter.QFORMER, 0, 1))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("queries");
  }

  private static AdapterConfig config(NamedAdapter kind) {
    return new AdapterConfig(kind, 3, 2);
  }

  private static Adapter adapter(ParameterStore store, AdapterConfig config) {
    return config.kind().build(config, store.root().at("adapters.low"), FEATURE, CROSS);
  }

  private static ParameterStore store() {
    return ParameterStore.random(new RandomState(1), ScalarType.Double, "cpu");
  }

  private static Tensor feature(long pictures, long tokens) {
    return new RandomState(2).normal(pictures, tokens, FEATURE).to(ScalarType.Double);
  }
}
