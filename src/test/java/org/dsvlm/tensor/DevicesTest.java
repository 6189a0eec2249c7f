/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.AbstractThrowableAssert;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Devices.Machine;
import org.junit.jupiter.api.Test;

class DevicesTest {
  private static final String OLD =
      "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023\n";
  private static final String OPEN =
      "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build\n";

  private static AbstractThrowableAssert<?, ?> refused(Machine machine, String device) {
    return assertThatThrownBy(() -> machine.require(device))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("device '" + device + "' ");
  }

  @Test
  @BadInput(
      number = 64,
      value = "a GPU is asked for where there is none",
      then = "an error that says what is missing: the build, the driver, or a library")
  void noGpu() {
    Machine plain = new Machine(false, false, 0, "");
    assertThat(plain.require("cpu")).isEqualTo("cpu");
    refused(plain, "cuda").hasMessageContaining("has no CUDA (Maven profile gpu brings it)");
    assertThat(plain.summary()).startsWith("cpu; this build of LibTorch has no CUDA");

    Machine without = new Machine(true, true, 0, "");
    refused(without, "cuda:0").hasMessageContaining("no GPU or driver is found. Else choose cpu");

    refused(new Machine(true, false, 0, OPEN), "cuda").hasMessageContaining("LD_LIBRARY_PATH");
  }

  @Test
  @BadInput(
      number = 64,
      value = "a GPU number beyond those there are, or an unknown device",
      then = "an error with the count of GPUs or the known names")
  void aGpuThatIsNotThere() {
    Machine two = new Machine(true, true, 2, OPEN);
    assertThat(two.require("cuda:1")).isEqualTo("cuda:1");
    assertThat(two.usable()).containsExactly("cpu", "cuda:0", "cuda:1");
    assertThat(two.summary()).isEqualTo("cpu, cuda × 2");
    refused(two, "cuda:2").hasMessageContaining("2 GPUs, counted from cuda:0");
    refused(two, "gpu").hasMessageContaining("cpu, cuda or cuda:N");
  }

  @Test
  @BadInput(
      number = 65,
      value = "a driver older than the build",
      then = "an error with the version of the driver and the one to install")
  void aDriverOlderThanTheBuild() {
    Machine old = new Machine(true, true, 0, OLD);
    refused(old, "cuda")
        .hasMessageContaining("the NVIDIA driver 535.104 is older than this build's CUDA 13 takes")
        .hasMessageContaining("install 580 or newer");
    assertThat(old.summary()).startsWith("cpu; the NVIDIA driver 535.104 is older");
    assertThat(old.usable()).containsExactly("cpu");
    refused(new Machine(true, true, 0, OPEN), "cuda").hasMessageContaining("no GPU or driver");
  }

  /** This machine's devices decide, with the same messages. */
  @Test
  void theDeviceAtHandIsTold() {
    assertThat(Devices.require("cpu")).isEqualTo("cpu");
    assertThat(Devices.summary()).startsWith("cpu");
    refused(Machine.present(), "cuda:9999");
  }
}
