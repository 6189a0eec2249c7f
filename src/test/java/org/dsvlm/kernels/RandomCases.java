/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import static org.dsvlm.kernels.Implementation.assertClose;
import static org.dsvlm.kernels.Implementation.valueAndGradients;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.Torch;

/** Random cases of an operator, and the comparison of its two implementations on them. */
final class RandomCases {
  /** Shapes an operator is tried on; more with {@code -Ddsvlm.shapes=N}. */
  private static final int SHAPES = Integer.getInteger("dsvlm.shapes", 500);

  private static final int MANY_THREADS = 3;

  /** One call: what is said of it, its inputs, and the operator of either implementation. */
  record Case(
      String description,
      List<Tensor> inputs,
      BiFunction<Implementation, List<Tensor>, Tensor> operator) {}

  private RandomCases() {}

  static void forEachSeed(BiConsumer<Long, RandomInputs> body) {
    for (long seed = 0; seed < SHAPES; seed++) {
      try (PointerScope scope = new PointerScope()) {
        RandomInputs random = new RandomInputs(seed);
        torch.set_num_threads(seed % 2 == 0 ? 1 : MANY_THREADS);
        body.accept(seed, random);
      }
    }
  }

  static void check(Function<RandomInputs, Case> draw) {
    forEachSeed(
        (seed, random) -> {
          Case drawn = draw.apply(random);
          assertClose(
              results(Implementation.NATIVE, drawn, drawn.inputs()),
              results(Implementation.REFERENCE, drawn, wide(drawn.inputs())),
              Implementation.tolerance(random.dtype()),
              describe(seed, random.dtype(), drawn));
        });
  }

  private static List<double[]> results(
      Implementation implementation, Case drawn, List<Tensor> inputs) {
    poisonHeap();
    return valueAndGradients(all -> drawn.operator().apply(implementation, all), inputs);
  }

  /** The native code's computing type: the reference in bfloat16 would round every step. */
  private static List<Tensor> wide(List<Tensor> inputs) {
    return inputs.stream()
        .map(
            input ->
                input.scalar_type().intern() == ScalarType.BFloat16
                    ? input.to(ScalarType.Float)
                    : input)
        .toList();
  }

  /** Leaves NaN in freed memory, from which the kernels take their scratch memory. */
  private static void poisonHeap() {
    List<Tensor> blocks = new ArrayList<>();
    for (long size = 16; size <= 16 << 10; size *= 4) {
      blocks.add(torch.empty(new long[] {size}, Torch.options(ScalarType.Float), null));
    }
    blocks.forEach(Tensor::close);
  }

  private static String describe(long seed, ScalarType dtype, Case drawn) {
    StringBuilder text =
        new StringBuilder("seed %d, %s, %s:".formatted(seed, dtype, drawn.description()));
    drawn.inputs().forEach(input -> text.append(' ').append(Torch.describe(input)));
    return text.toString();
  }
}
