/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The choice against GPUs that are not here: what NVIDIA's tables say of each. */
class GpusTest {
  private static final Gpu L40S = new Gpu(8, 9, 99 * 1024, true, 160);
  private static final Gpu T4 = new Gpu(7, 5, 64 * 1024, false, 160);

  @ParameterizedTest
  @CsvSource({
    // name, capability, KiB of shared memory a block, whether there is code: kernels, long doubles
    "V100,     7, 0,  96, false, false, 160",
    "T4,       7, 5,  64, false, false, 160",
    "A100,     8, 0, 163, true,  true,  256",
    "A10,      8, 6,  99, true,  true,  160",
    "RTX 3090, 8, 6,  99, true,  true,  160",
    "Orin,     8, 7, 163, true,  true,  256",
    "L40S,     8, 9,  99, true,  true,  160",
    "RTX 4090, 8, 9,  99, true,  true,  160",
    "H100,     9, 0, 227, true,  true,  256",
    "H200,     9, 0, 227, true,  true,  256",
    "B200,    10, 0, 227, true,  true,  256",
    "RTX 5090, 12, 0, 99, true,  true,  160",
  })
  void eachCardRunsWhatFitsIt(
      String name,
      int major,
      int minor,
      int kibibytes,
      boolean hasCode,
      boolean runsKernels,
      long mostDoubleHeadDim) {
    Gpu gpu = new Gpu(major, minor, kibibytes * 1024, hasCode, mostDoubleHeadDim);
    Gpus.Answer answer = new Gpus(index -> gpu, null).of(0);
    assertThat(answer.runsKernels()).as(name).isEqualTo(runsKernels);
    assertThat(gpu.takesDoubleHeads(160)).as(name).isTrue();
    assertThat(gpu.takesDoubleHeads(161)).as(name).isEqualTo(mostDoubleHeadDim == 256);
    assertThat(gpu.takesDoubleHeads(257)).as(name).isFalse();
  }

  @Test
  void aLibraryThatWasBuiltForAnotherCardIsNotUsed() {
    assertThat(new Gpu(8, 0, 163 * 1024, false, 256).refusal().orElseThrow())
        .isEqualTo(
            "has compute capability 8.0, for which this build of the CUDA kernels has no code;"
                + " build them with CMAKE_CUDA_ARCHITECTURES=80");
    assertThat(new Gpu(9, 0, 48 * 1024, true, 160).refusal().orElseThrow())
        .isEqualTo("gives a block 49152 bytes of shared memory, and the CUDA kernels need 101376");
  }

  @Test
  void eachGpuIsAskedOnce() {
    List<Integer> asked = new ArrayList<>();
    Gpus gpus =
        new Gpus(
            index -> {
              asked.add(index);
              return index == 0 ? T4 : L40S;
            },
            "auto");
    for (int call = 0; call < 3; call++) {
      assertThat(gpus.of(0).runsKernels()).isFalse();
      assertThat(gpus.of(1).runsKernels()).isTrue();
      assertThat(gpus.of(1).takesDoubleHeads(256)).isFalse();
    }
    assertThat(asked).containsExactly(0, 1);
  }

  @Test
  void demandedKernelsThatDoNotRunAreAnError() {
    Gpus gpus = new Gpus(index -> index == 3 ? T4 : L40S, "native");
    for (int call = 0; call < 2; call++) {
      assertThatThrownBy(() -> gpus.of(3).runsKernels())
          .isInstanceOf(DsVlmException.class)
          .hasMessage(
              "cuda:3 has compute capability 7.5, and the CUDA kernels need 8.0"
                  + " (dsvlm.kernels=native)");
    }
    assertThatThrownBy(() -> gpus.of(1).takesDoubleHeads(200))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("cuda:1")
        .hasMessageContaining("101376 bytes")
        .hasMessageContaining("headDim of 200");
  }
}
