/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Counter-based random numbers: a draw depends on the run's seed and on its purpose (a parameter's
 * name, a sample's id and the step), never on earlier draws. So a resumed run, or one on more
 * machines, sees the same noise.
 */
public final class RandomState {
  private static final long STEP = 0x9E3779B97F4A7C15L;
  private static final long FIRST_FACTOR = 0xBF58476D1CE4E5B9L;
  private static final long SECOND_FACTOR = 0x94D049BB133111EBL;

  private final long seed;

  public RandomState(long seed) {
    this.seed = seed;
  }

  /** The state for one purpose below this one. */
  public RandomState fork(String purpose) {
    long hash = seed;
    for (int i = 0; i < purpose.length(); i++) {
      hash = mix(hash ^ purpose.charAt(i));
    }
    return new RandomState(hash);
  }

  /** The state for one number (a step, a record's index) below this one. */
  public RandomState fork(long counter) {
    return new RandomState(mix(mix(seed) + counter));
  }

  /** The seed that this state stands for. */
  public long seed() {
    return seed;
  }

  /**
   * Standard normal numbers, float32 on the CPU. Each call gives the same ones: for others, {@link
   * #fork} by what they are for.
   */
  public Tensor normal(long... shape) {
    return Torch.tidy(
        () ->
            torch.randn(
                shape, new GeneratorOptional(generator()), Torch.options(ScalarType.Float)));
  }

  /** Numbers uniform in [0, 1), float32 on the CPU; the same at each call, as above. */
  public Tensor uniform(long... shape) {
    return Torch.tidy(
        () ->
            torch.rand(shape, new GeneratorOptional(generator()), Torch.options(ScalarType.Float)));
  }

  /**
   * Which elements a dropout keeps, bool [rows, columns] on {@code device}: each with a probability
   * of 1 − {@code dropped}. The element at place i in row-major order has number i of SplitMix64's
   * sequence from this state, which is computed in whole numbers where it is needed: every device
   * gives the same bits, and further rows change none of those before.
   *
   * @param dropped in [0, 1)
   */
  public Tensor dropoutMask(double dropped, Device device, long rows, long columns) {
    // Numbers with a sign lie between ∓2⁶³.
    long least = Long.MIN_VALUE + ((long) Math.scalb(dropped, 32) << 32);
    return Torch.withoutGradient(
        () -> {
          TensorOptions options =
              new TensorOptions()
                  .dtype(new ScalarTypeOptional(ScalarType.Long))
                  .device(new DeviceOptional(device));
          Tensor z =
              torch
                  .arange(Torch.scalar(rows * columns), options)
                  .mul_(new Scalar(STEP))
                  .add_(new Scalar(mix(seed) + STEP));
          foldDown(z, 30);
          z.mul_(new Scalar(FIRST_FACTOR));
          foldDown(z, 27);
          z.mul_(new Scalar(SECOND_FACTOR));
          foldDown(z, 31);
          return z.ge(new Scalar(least)).view(rows, columns);
        });
  }

  /** {@code z ^= z >>> places}, which LibTorch's shift fills with the sign. */
  private static void foldDown(Tensor z, int places) {
    try (PointerScope scope = new PointerScope()) {
      z.bitwise_xor_(
          z.bitwise_right_shift(new Scalar((long) places))
              .bitwise_and_(new Scalar(-1L >>> places)));
    }
  }

  /** One integer uniform in [0, bound). */
  public long below(long bound) {
    return Long.remainderUnsigned(mix(mix(seed)), bound);
  }

  /** One number uniform in [0, 1). */
  public double unit() {
    return (mix(mix(seed)) >>> 11) * 0x1.0p-53;
  }

  /** A generator of LibTorch that starts at this state, in the caller's scope. */
  public Generator generator() {
    return torch.make_generator_cpu(mix(seed) & Long.MAX_VALUE);
  }

  /** The finaliser of SplitMix64 (Steele, Lea, Flood 2014). */
  private static long mix(long value) {
    long z = value + STEP;
    z = (z ^ (z >>> 30)) * FIRST_FACTOR;
    z = (z ^ (z >>> 27)) * SECOND_FACTOR;
    return z ^ (z >>> 31);
  }
}
