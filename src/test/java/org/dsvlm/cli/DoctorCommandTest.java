/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.dsvlm.tensor.Threads;
import org.junit.jupiter.api.Test;

class DoctorCommandTest {
  @Test
  void itSaysHowManyThreadsAndWhy() {
    assertThat(DoctorCommand.threads(new Threads.Choice(2, "all processors"), 1))
        .isEqualTo("2: all processors; LibTorch by itself would take 1");
    assertThat(DoctorCommand.threads(new Threads.Choice(3, "OMP_NUM_THREADS"), 3))
        .isEqualTo("3: OMP_NUM_THREADS");
  }
}
