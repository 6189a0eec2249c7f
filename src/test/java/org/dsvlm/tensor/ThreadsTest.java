/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ThreadsTest {
  private static Threads.Choice choice(String variable, int processors) {
    return Threads.choice(Map.of("OMP_NUM_THREADS", variable), processors);
  }

  @Test
  void itTakesAllProcessors() {
    Threads.Choice choice = Threads.choice(Map.of(), 6);
    assertThat(choice.count()).isEqualTo(6);
    assertThat(choice.reason()).contains("all processors");
    assertThat(choice("", 6)).isEqualTo(choice);
  }

  @ParameterizedTest
  @CsvSource({"3, 3", "'4,2', 4", "' 5 ', 5", "128, 128"})
  void theVariableComesFirst(String variable, int count) {
    assertThat(choice(variable, 6)).isEqualTo(new Threads.Choice(count, "OMP_NUM_THREADS"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "many", "1.5", "99999"})
  void aVariableThatIsNoNumberIsAnError(String variable) {
    assertThatThrownBy(() -> choice(variable, 6))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("OMP_NUM_THREADS is '" + variable + "'");
  }

  @Test
  void processesShareTheProcessorsAndNotTheVariable() {
    Threads.Choice all = Threads.choice(Map.of(), 6);
    assertThat(all.sharedBy(1)).isEqualTo(all);
    assertThat(all.sharedBy(4).count()).isEqualTo(1);
    assertThat(all.sharedBy(2).count()).isEqualTo(3);
    assertThat(all.sharedBy(8).count()).isEqualTo(1);
    assertThat(choice("2", 6).sharedBy(4).count()).isEqualTo(2);
  }

  @Test
  void aHeldNumberIsGivenBack() {
    Torch.load();
    int before = torch.get_num_threads();
    try (Threads.Held held = Threads.hold(before + 1)) {
      assertThat(torch.get_num_threads()).isEqualTo(before + 1);
    }
    assertThat(torch.get_num_threads()).isEqualTo(before);
  }

  @Test
  void loadingLeavesTheNumberAloneAndUseSetsIt() throws Exception {
    // In a process of its own, where LibTorch is not loaded yet.
    assertThat(SmallProgram.run(Program.class))
        .containsExactly("own true", "used 3", "nnpack false");
  }

  /** An embedder's program. */
  static final class Program {
    private Program() {}

    public static void main(String[] arguments) {
      Torch.load();
      System.out.println("own " + (torch.get_num_threads() == Threads.ofLibTorch()));
      Threads.use(new Threads.Choice(3, "a test"));
      System.out.println("used " + torch.get_num_threads());
      System.out.println("nnpack " + torch.globalContext().userEnabledNNPACK());
    }
  }

  @Test
  void aSecondCloseLeavesTheNumberToOthers() {
    int before = torch.get_num_threads();
    Threads.Held first = Threads.hold(before + 1);
    first.close();
    try (Threads.Held second = Threads.hold(before + 2)) {
      first.close();
      assertThat(torch.get_num_threads()).isEqualTo(before + 2);
    }
    assertThat(torch.get_num_threads()).isEqualTo(before);
  }
}
