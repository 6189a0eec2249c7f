/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.bytedeco.javacpp.PointerScope;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;

class NativeErrorsTest {
  @Test
  @BadInput(
      number = 92,
      value = "an error of LibTorch that nothing foresaw",
      then = "its first words in one line, without the trace of C++")
  void theTraceIsLeftOut() {
    try (PointerScope scope = new PointerScope()) {
      assertThatThrownBy(
              () ->
                  NativeErrors.plain(
                      "the test",
                      () -> Torch.of(new float[6], 2, 3).matmul(Torch.of(new float[4], 2, 2))))
          .isInstanceOf(DsVlmException.class)
          .hasMessageStartingWith("the test: LibTorch says: ")
          .hasMessageNotContaining("Exception raised from")
          .hasMessageNotContaining("\n")
          .hasRootCauseInstanceOf(RuntimeException.class);
    }
    RuntimeException other = new IllegalStateException("other");
    assertThat(NativeErrors.plain(other, "the test")).isSameAs(other);
  }

  @Test
  void aDeviceOfAnotherNameIsRefusedBeforeLibTorchSeesIt() {
    assertThatThrownBy(() -> Devices.of("tpu9"))
        .isInstanceOf(DsVlmException.class)
        .hasMessage("device 'tpu9' is unknown: cpu, cuda or cuda:N");
  }
}
