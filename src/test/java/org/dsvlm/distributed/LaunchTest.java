/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.distributed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LaunchTest {
  private static final Map<String, String> TORCHRUN =
      Map.of(
          "RANK", "5",
          "WORLD_SIZE", "8",
          "LOCAL_RANK", "1",
          "LOCAL_WORLD_SIZE", "4",
          "MASTER_ADDR", "node0",
          "MASTER_PORT", "29500",
          "TORCHELASTIC_USE_AGENT_STORE", "True");

  @Test
  void readsTorchrunsVariables() {
    assertThat(Launch.of(TORCHRUN)).isEqualTo(new Launch(5, 8, 1, 4, "node0", 29500, true));
  }

  @Test
  void withoutAnyTheProcessIsAlone() {
    assertThat(Launch.of(Map.of("PATH", "/bin"))).isEqualTo(Launch.ALONE);
  }

  /** As Kubernetes' training operator starts one process a pod. */
  @Test
  void withoutTheLocalOnesItIsAloneOnItsMachine() {
    Map<String, String> environment = new HashMap<>(TORCHRUN);
    environment
        .keySet()
        .removeIf(name -> name.startsWith("LOCAL_") || name.startsWith("TORCHELASTIC"));
    assertThat(Launch.of(environment)).isEqualTo(new Launch(5, 8, 0, 1, "node0", 29500, false));
  }

  @ParameterizedTest
  @CsvSource({
    "RANK, RANK is not set",
    "WORLD_SIZE, WORLD_SIZE is not set",
    "MASTER_ADDR, MASTER_ADDR is not set",
    "MASTER_PORT, MASTER_PORT is not set",
    "LOCAL_RANK, LOCAL_RANK is not set",
    "LOCAL_WORLD_SIZE, LOCAL_WORLD_SIZE is not set"
  })
  void aMissingOneIsNamed(String missing, String message) {
    Map<String, String> environment = new HashMap<>(TORCHRUN);
    environment.remove(missing);
    assertThatThrownBy(() -> Launch.of(environment))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(message)
        .hasMessageContaining("unset them to train in one process");
  }

  @ParameterizedTest
  @CsvSource({
    "RANK, 8, from 0 to 7",
    "RANK, -1, from 0 to 7",
    "RANK, one, from 0 to 7",
    "WORLD_SIZE, 0, of at least 1",
    "LOCAL_WORLD_SIZE, 9, from 1 to 8",
    "LOCAL_RANK, 4, from 0 to 3",
    "MASTER_PORT, 65536, from 1 to 65535"
  })
  void aBadOneIsNamed(String name, String value, String message) {
    Map<String, String> environment = new HashMap<>(TORCHRUN);
    environment.put(name, value);
    assertThatThrownBy(() -> Launch.of(environment))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(name + " is '" + value + "'")
        .hasMessageContaining(message);
  }
}
