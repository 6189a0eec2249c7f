/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn.cost;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.dsvlm.nn.cost.Operation.Function;
import org.dsvlm.nn.cost.Operation.Role;
import org.dsvlm.plan.Hardware;
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
    tape.linear(5, 3, 7, true, false);
    tape.linear(5, 7, 7, true, true);
    tape.activation(Function.GELU, 5 * 7);
    tape.linear(5, 7, 2, true, false);
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
    tape.groupNorm(2, 8, 16, 4, true);
    tape.attention(2, 1, 1, 16, 16, 8);
    assertThat(tape.saved()).isEmpty();
    assertThat(tape.operations()).allMatch(operation -> operation.role() == Role.FORWARD);
    assertThat(flops(tape, Role.FORWARD))
        .isEqualTo(2.0 * 2 * 16 * 3 * 8 * 9 + 4.0 * 2 * 16 * 16 * 8);
  }

  @Test
  void lowRankUpdatesAreFloat32() {
    Tape tape = new Tape(2);
    tape.enter(Part.LANGUAGE_MODEL, false);
    tape.linear(10, 6, 4, false, false);
    tape.lowRank(10, 6, 4, 2, true);
    assertThat(tape.gradient()).isTrue();
    assertThat(flops(tape, Role.WEIGHT_GRADIENT)).isEqualTo(2 * 10 * (6 * 2 + 2 * 4));
    assertThat(flops(tape, Role.INPUT_GRADIENT)).isEqualTo(2 * 10 * 2 * 4);
    assertThat(tape.saved()).containsEntry(Part.LORA, 4.0 * 10 * (6 + 2));
  }

  /** Two records of 6 tokens, 4 heads of width 3, of which the keys have 2. */
  @Test
  void attentionKeepsWhatItReadsAndGivesButNoScores() {
    Tape tape = new Tape(2);
    tape.enter(Part.LANGUAGE_MODEL, true);
    tape.linears(2 * 6, 12, false, true, 12, 6, 6);
    tape.attention(2, 4, 2, 6, 6, 3);
    tape.keptAlready().linear(2 * 6, 12, 12, false, true);
    double rows = 2 * 6;
    // The input of the projections; queries and result; keys and values; a number for each query.
    assertThat(tape.saved())
        .containsExactly(
            Map.entry(
                Part.LANGUAGE_MODEL,
                2 * rows * 12 + 2 * 2 * rows * 12 + 2 * 2 * rows * 6 + 4 * rows * 4));
    assertThat(flops(tape, Role.FORWARD))
        .isEqualTo(2 * rows * 12 * (12 + 6 + 6) + 4.0 * 2 * 4 * 6 * 6 * 3 + 2 * rows * 12 * 12);
  }

  @Test
  void aGroupNormAndItsSiluKeepTheMapAlone() {
    Tape tape = new Tape(4);
    tape.enter(Part.VAE, true);
    tape.groupNormSilu(2, 8, 16, 4, false);
    assertThat(tape.saved()).containsExactly(Map.entry(Part.VAE, 4.0 * 2 * 8 * 16));
    tape.convolution(2, 4, 4, 8, 8, 3, 1, false);
    assertThat(tape.saved()).containsExactly(Map.entry(Part.VAE, 2 * 4.0 * 2 * 8 * 16));
  }

  @Test
  void blocksThatAreComputedAgainKeepTheirInputsAndOneOfThemAll() {
    Tape tape = new Tape(4);
    tape.enter(Part.VISION_ENCODER, false);
    for (int block = 0; block < 3; block++) {
      tape.block(
          true,
          5 * 7,
          () -> {
            tape.linear(5, 7, 11, true, true);
            tape.activation(Function.GELU, 5 * 11);
            tape.linear(5, 11, 7, true, true);
          });
    }
    assertThat(tape.saved())
        .containsExactly(Map.entry(Part.VISION_ENCODER, 4.0 * (3 * 35 + 35 + 55 + 55)));
    assertThat(flops(tape, Role.RECOMPUTATION)).isEqualTo(flops(tape, Role.FORWARD));
    assertThat(Role.RECOMPUTATION.pass()).isEqualTo("backward");
  }

  @Test
  void whatNoLossDependsOnIsKeptAndHasNoBackwardPass() {
    Tape tape = new Tape(4);
    tape.enter(Part.VISION_ENCODER, false);
    tape.unused();
    tape.linear(5, 7, 11, true, true);
    assertThat(tape.saved()).containsExactly(Map.entry(Part.VISION_ENCODER, 4.0 * 35));
    assertThat(tape.operations()).allMatch(operation -> operation.role() == Role.FORWARD);
  }

  @Test
  void aBranchHasAGradientOfItsOwn() {
    Tape tape = new Tape(4);
    tape.enter(Part.UNET, true);
    tape.branch(false, () -> tape.linear(5, 7, 11, true, false));
    assertThat(tape.operations()).allMatch(operation -> operation.role() == Role.FORWARD);
    assertThat(tape.gradient()).isTrue();
    tape.enter(Part.UNET, false).branch(false, () -> tape.linear(5, 7, 11, true, true));
    assertThat(tape.gradient()).isTrue();
  }

  @Test
  void layersThatReadOneInputHaveItsGradientsAddedUp() {
    Tape tape = new Tape(4);
    tape.enter(Part.UNET, true);
    tape.linears(5, 7, false, false, 2, 3, 4);
    assertThat(tape.operations())
        .filteredOn(operation -> operation.type() == OperationType.POINTWISE)
        .singleElement()
        .satisfies(sums -> assertThat(sums.bytes()).isEqualTo(4.0 * 2 * 3 * 35));
  }

  @Test
  void aDeviceHidesCallsAndAProcessorDoesNot() {
    List<Operation> two =
        List.of(
            operation(OperationType.MATRIX_PRODUCT, 100, 10, 1),
            operation(OperationType.POINTWISE, 0, 50, 2));
    Map<OperationType, Double> rates = Map.of(OperationType.MATRIX_PRODUCT, 50.0);
    assertThat(hardware(rates, Map.of(), false).seconds(two)).isEqualTo(2 + 5 + 3 * 1.0);
    assertThat(hardware(rates, Map.of(), true).seconds(two)).isEqualTo(2 + 5);
  }

  @Test
  void anOperationTakesWhatTheShapeTookThatDoesMostNearlyAsMuch() {
    Map<OperationType, List<Hardware.Timing>> measured =
        Map.of(
            OperationType.MATRIX_PRODUCT,
            List.of(
                new Hardware.Timing(List.of(1L), 90, Map.of(Role.FORWARD, 0.5)),
                new Hardware.Timing(List.of(2L), 1000, Map.of(Role.FORWARD, 0.25))));
    Hardware hardware = hardware(Map.of(), measured, true);
    assertThat(hardware.seconds(List.of(operation(OperationType.MATRIX_PRODUCT, 100, 0, 0))))
        .isEqualTo(50);
    assertThat(hardware.seconds(List.of(operation(OperationType.MATRIX_PRODUCT, 2000, 0, 0))))
        .isEqualTo(500);
  }

  private static Operation operation(OperationType kind, double flops, double bytes, int calls) {
    return new Operation(Part.UNET, Role.FORWARD, kind, List.of(0L), flops, bytes, calls);
  }

  private static Hardware hardware(
      Map<OperationType, Double> rates,
      Map<OperationType, List<Hardware.Timing>> measured,
      boolean asynchronous) {
    return new Hardware("test", 1, rates, measured, 10, 1, asynchronous, 0, "made up");
  }
}
