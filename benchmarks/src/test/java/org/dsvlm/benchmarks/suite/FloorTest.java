/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FloorTest {
  private static final double GIGA = 1e9;
  private static final Operation ATTENTION = Operation.MOE_CROSS_ATTENTION;

  private static final Floor FLOOR =
      Floor.of(Map.of("float32", 100 * GIGA, "bfloat16", 200 * GIGA), 10 * GIGA, 20 * GIGA);

  private static Double floor(Operation operation, String mode, String shape, String dtype) {
    return FLOOR.milliseconds(new Case(operation, mode, shape, dtype));
  }

  @Test
  void attentionTakesSevenProductsAtTheRateOfItsType() {
    Operation operation = Operation.MOE_CROSS_ATTENTION;
    // 2 · 8 heads · 4096 queries · 2304 tokens · 40 · 7 products are 42.3 billion operations.
    String shape = "1x4096x8x40:576+576+576+576";
    assertThat(floor(operation, "forwardBackward", shape, "float32")).isCloseTo(422.8, within(0.1));
    assertThat(floor(operation, "forward", shape, "float32")).isCloseTo(120.8, within(0.1));
    assertThat(floor(operation, "forward", shape, "bfloat16")).isCloseTo(60.4, within(0.1));
  }

  @Test
  void mapsAreReadAndWrittenAtTheRateOfACopy() {
    String shape = "1x10x100x100+1x10x100x100";
    Operation operation = Operation.PERCEPTUAL_DISTANCE;
    assertThat(floor(operation, "forwardBackward", shape, "float32")).isCloseTo(0.4, within(1e-9));
    assertThat(floor(operation, "forward", shape, "float32")).isCloseTo(0.16, within(1e-9));
    assertThat(floor(operation, "forward", shape, "bfloat16")).isCloseTo(0.08, within(1e-9));
  }

  @Test
  void aTokenReadsTheWeightsOnce() {
    // 8 layers of 4 · 512² and 3 · 512 · 1408 weights and a head of 512 · 8192 are 29.9 million.
    Operation operation = Operation.GENERATION;
    assertThat(floor(operation, "generate", "34m", "float32")).isCloseTo(5.977, within(0.001));
    assertThat(floor(operation, "generate", "34m", "bfloat16")).isCloseTo(2.988, within(0.001));
  }

  @Test
  void anUpdateReadsFourTensorsAndWritesThree() {
    String shape = "1x10x100x100+1x10x100x100";
    assertThat(floor(Operation.ADAMW, "update", shape, "float32")).isCloseTo(0.56, within(1e-9));
    assertThat(floor(Operation.GRADIENT_NORMS, "norm", shape, "bfloat16"))
        .isCloseTo(0.04, within(1e-9));
  }

  @Test
  void otherCasesHaveNoFloor() {
    assertThat(floor(Operation.TRAINING_STEP, "step", "nano:8", "float32")).isNull();
    assertThat(
            new Floor().milliseconds(new Case(Operation.GENERATION, "generate", "34m", "float32")))
        .isNull();
    assertThat(
            new Floor().milliseconds(new Case(Operation.SSIM, "forward", "1x1x11x11", "float32")))
        .isNull();
  }

  @Test
  void ratesAreThoseOfTheMeasuredSizes() {
    assertThat(Floor.copyRate(10)).isCloseTo(13.4 * GIGA, within(0.1 * GIGA));
  }

  @Test
  void aTypeThatTheProcessorLacksIsMeasuredBySmallProductsAlone() {
    Products fast = new Products(100 * GIGA);
    Products slow = new Products(0.3 * GIGA);
    Floor floor = new Floor();
    floor.measureProduct(fast, "float32", Effort.of(true));
    floor.measureProduct(slow, "bfloat16", Effort.of(true));
    assertThat(fast.sides).containsExactly(256, 2048);
    assertThat(slow.sides).containsExactly(256);
    String shape = "1x4096x8x40:576+576+576+576";
    assertThat(floor.milliseconds(new Case(ATTENTION, "forward", shape, "float32")))
        .isCloseTo(120.8, within(0.1));
    assertThat(floor.milliseconds(new Case(ATTENTION, "forward", shape, "bfloat16")))
        .isCloseTo(40265, within(1.0));
  }

  /** Multiplies matrices at a fixed rate. */
  private static final class Products implements Side {
    private final double rate;
    private final List<Integer> sides = new ArrayList<>();

    Products(double rate) {
      this.rate = rate;
    }

    @Override
    public List<Double> time(Case wanted, Effort effort) {
      int side = Integer.parseInt(wanted.shape());
      sides.add(side);
      return List.of(2e3 * side * side * side / rate);
    }

    @Override
    public Probed probe(Case wanted) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }
}
