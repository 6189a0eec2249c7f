/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.Test;

class DeviceTrialTest {
  @Test
  void theProcessorPasses() {
    DeviceTrial trial = DeviceTrial.on("cpu");
    assertThat(trial.words())
        .isEqualTo("convolution, matrix product, attention, all-reduce: right");
    assertThat(trial.passed()).isTrue();
  }

  @Test
  void itSaysWhatFailsAndGoesOn() {
    Map<String, UnaryOperator<Tensor>> computations = new LinkedHashMap<>();
    computations.put(
        "convolution",
        x -> {
          throw new UnsatisfiedLinkError("libcudnn.so.9: cannot open\nin C++");
        });
    computations.put("attention", x -> isReference(x) ? x : x.mul(Torch.scalar(1.01)));
    computations.put("norm", x -> isReference(x) ? x : x.mul(Torch.scalar(Double.NaN)));
    computations.put("sine", Tensor::sin);
    DeviceTrial trial = DeviceTrial.on("cpu", computations);
    assertThat(trial.passed()).isFalse();
    assertThat(trial.words())
        .startsWith("convolution fails: libcudnn.so.9: cannot open; ")
        .contains("attention fails: the result is wrong by 0.0")
        .endsWith("norm fails: the result is wrong by NaN");
  }

  private static boolean isReference(Tensor x) {
    return x.scalar_type().intern() == ScalarType.Double;
  }
}
