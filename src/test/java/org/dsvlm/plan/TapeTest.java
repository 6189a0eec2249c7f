/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.dsvlm.plan.Operation.Kind;
import org.dsvlm.plan.Operation.Role;
import org.junit.jupiter.api.Test;

class TapeTest {
  private static double flops(Tape tape, Role role) {
    return tape.operations().stream()
        .filter(operation -> operation.role() == role)
        .mapToDouble(Operation::flops)
        .sum();
  }

  /** Two layers on 5 rows of width 3, 7 in the middle, 2 out, each product written out. */
  @Test
  void gradientsFlowFromTheFirstTrainedLayerOn() {
    Tape tape = new Tape(4);
    tape.enter(Part.CONNECTOR, false);
    tape.linear(5, 3, 7, false);
    tape.linear(5, 7, 7, true);
    tape.activation(5 * 7);
    tape.linear(5, 7, 2, false);
    assertThat(flops(tape, Role.FORWARD)).isEqualTo(2 * (5 * 3 * 7 + 5 * 7 * 7 + 5 * 7 * 2));
    assertThat(flops(tape, Role.WEIGHT_GRADIENT)).isEqualTo(2 * 5 * 7 * 7);
    assertThat(flops(tape, Role.INPUT_GRADIENT)).isEqualTo(2 * 5 * 7 * 2);
    // The input of the trained layer and that of the activation, both 5 × 7.
    assertThat(tape.saved()).containsExactly(Map.entry(Part.CONNECTOR, 4.0 * 2 * 5 * 7));
  }

  @Test
  void withoutAGraphNothingIsKept() {
    Tape tape = new Tape(2);
    tape.enter(Part.VAE, true).withoutGraph();
    tape.convolution(2, 4, 4, 3, 8, 3, 1, true);
    tape.groupNorm(2, 8, 16, true);
    tape.attention(2, 1, 16, 16, 8);
    assertThat(tape.saved()).isEmpty();
    assertThat(tape.operations()).allMatch(operation -> operation.role() == Role.FORWARD);
    assertThat(flops(tape, Role.FORWARD))
        .isEqualTo(2.0 * 2 * 16 * 3 * 8 * 9 + 4.0 * 2 * 16 * 16 * 8);
  }

  @Test
  void lowRankUpdatesAreFloat32() {
    Tape tape = new Tape(2);
    tape.enter(Part.LANGUAGE_MODEL, false);
    tape.linear(10, 6, 4, false);
    tape.lowRank(10, 6, 4, 2, true);
    assertThat(tape.gradient()).isTrue();
    assertThat(flops(tape, Role.WEIGHT_GRADIENT)).isEqualTo(2 * 10 * (6 * 2 + 2 * 4));
    assertThat(flops(tape, Role.INPUT_GRADIENT)).isEqualTo(2 * 10 * 2 * 4);
    assertThat(tape.saved()).containsEntry(Part.LORA, 4.0 * 10 * (6 + 2));
  }

  @Test
  void aDeviceHidesCallsAndAProcessorDoesNot() {
    List<Operation> two =
        List.of(operation(Kind.MATRIX_PRODUCT, 100, 10, 1), operation(Kind.POINTWISE, 0, 50, 2));
    Map<Kind, Double> rates = Map.of(Kind.MATRIX_PRODUCT, 50.0);
    assertThat(hardware(rates, Map.of(), false).seconds(two)).isEqualTo(2 + 5 + 3 * 1.0);
    assertThat(hardware(rates, Map.of(), true).seconds(two)).isEqualTo(2 + 5);
  }

  @Test
  void anOperationTakesWhatTheShapeTookThatDoesMostNearlyAsMuch() {
    Map<Kind, List<Hardware.Timing>> measured =
        Map.of(
            Kind.MATRIX_PRODUCT,
            List.of(
                new Hardware.Timing(List.of(1L), 90, Map.of(Role.FORWARD, 0.5)),
                new Hardware.Timing(List.of(2L), 1000, Map.of(Role.FORWARD, 0.25))));
    Hardware hardware = hardware(Map.of(), measured, true);
    assertThat(hardware.seconds(List.of(operation(Kind.MATRIX_PRODUCT, 100, 0, 0)))).isEqualTo(50);
    assertThat(hardware.seconds(List.of(operation(Kind.MATRIX_PRODUCT, 2000, 0, 0))))
        .isEqualTo(500);
  }

  private static Operation operation(Kind kind, double flops, double bytes, int calls) {
    return new Operation(Part.UNET, Role.FORWARD, kind, List.of(0L), flops, bytes, calls);
  }

  private static Hardware hardware(
      Map<Kind, Double> rates, Map<Kind, List<Hardware.Timing>> measured, boolean asynchronous) {
    return new Hardware("test", 1, rates, measured, 10, 1, asynchronous, 0, "made up");
  }
}
