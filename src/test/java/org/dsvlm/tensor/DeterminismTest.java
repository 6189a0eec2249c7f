/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.testing.Closes;
import org.junit.jupiter.api.Test;

class DeterminismTest {
  @Closes(Determinism.class)
  @Test
  void whatIsSetIsSetBackAtTheEnd() {
    Context context = torch.globalContext();
    boolean search = context.benchmarkCuDNN();
    context.setBenchmarkCuDNN(true);
    try (Determinism outer = Determinism.hold(true)) {
      assertThat(context.deterministicAlgorithms()).isTrue();
      assertThat(context.deterministicAlgorithmsWarnOnly()).isFalse();
      assertThat(context.deterministicCuDNN()).isTrue();
      assertThat(context.benchmarkCuDNN()).isFalse();
      try (Determinism inner = Determinism.hold(false)) {
        assertThat(context.deterministicAlgorithms()).isTrue();
      }
    }
    assertThat(context.deterministicAlgorithms()).isFalse();
    assertThat(context.deterministicCuDNN()).isFalse();
    assertThat(context.benchmarkCuDNN()).isTrue();
    context.setBenchmarkCuDNN(search);
  }

  @Test
  void anOperatorWithoutAWayIsRefusedByName() {
    assertThatCode(() -> Context.alertNotDeterministic("kthvalue CUDA")).doesNotThrowAnyException();
    try (Determinism held = Determinism.hold(true)) {
      assertThatThrownBy(
              () -> {
                try {
                  Context.alertNotDeterministic("upsample_bilinear2d_backward_out_cuda");
                } catch (RuntimeException e) {
                  throw Determinism.plain(e);
                }
              })
          .isInstanceOf(DsVlmException.class)
          .hasMessageStartingWith(
              "recipe: deterministic: LibTorch's upsample_bilinear2d_backward_out_cuda has no"
                  + " deterministic implementation");
    }
    RuntimeException other = new IllegalStateException("another fault");
    assertThat(Determinism.plain(other)).isSameAs(other);
  }

  @Test
  void aGpusProductsNeedTheirWorkspace() {
    assertThatCode(() -> Determinism.require("cpu", null)).doesNotThrowAnyException();
    assertThatCode(() -> Determinism.require("cuda:1", ":16:8")).doesNotThrowAnyException();
    assertThatThrownBy(() -> Determinism.require("cuda", null))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("CUBLAS_WORKSPACE_CONFIG=:4096:8")
        .hasMessageEndingWith("it is not set");
    assertThatThrownBy(() -> Determinism.require("cuda", ":0:0"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageEndingWith("it is :0:0");
  }
}
