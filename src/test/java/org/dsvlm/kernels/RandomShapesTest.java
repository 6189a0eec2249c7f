/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.dsvlm.kernels.Implementation.assertClose;
import static org.dsvlm.kernels.RandomCases.check;
import static org.dsvlm.kernels.RandomCases.forEachSeed;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The native operators on many random shapes, value and gradients against the reference
 * implementations. The memory that LibTorch hands out is full of NaN meanwhile, so what an operator
 * leaves unwritten shows, and so does what it reads before it wrote it.
 */
class RandomShapesTest {
  private final Context context = torch.globalContext();
  private int threads;

  @BeforeEach
  void poisonMemory() {
    Implementation.NATIVE.assume();
    threads = torch.get_num_threads();
    context.setDeterministicAlgorithms(true, true);
    context.setDeterministicFillUninitializedMemory(true);
  }

  @AfterEach
  void restore() {
    context.setDeterministicAlgorithms(false, false);
    torch.set_num_threads(threads);
  }

  @Test
  void freshMemoryIsPoisoned() {
    try (PointerScope scope = new PointerScope()) {
      Tensor fresh = torch.empty(new long[] {5}, Torch.options(ScalarType.Float), null);
      assertThat(Torch.doubles(fresh)).containsOnly(Double.NaN);
    }
  }

  @Test
  @BadInput(
      number = 78,
      value = "random shapes: empty, odd, large, strided; every type",
      then = "accepted; results equal the reference implementation")
  void moeCrossAttention() {
    check(
        random -> {
          boolean manyQueries = random.oneIn(16);
          int batch = random.sizeOrNone(3);
          int queries = manyQueries ? 513 + random.below(150) : random.sizeOrNone(130);
          int heads = manyQueries ? 1 : random.size(4);
          int headDim = random.oneIn(2) ? 8 * random.size(12) : random.size(90);
          int contexts = random.size(8);
          List<Tensor> keys = new ArrayList<>();
          List<Tensor> values = new ArrayList<>();
          for (int e = 0; e < contexts; e++) {
            int tokens = random.size(70);
            keys.add(random.normal(batch, tokens, heads, headDim));
            values.add(random.normal(batch, tokens, heads, headDim));
          }
          List<Tensor> inputs = new ArrayList<>();
          inputs.add(random.normal(batch, queries, heads, headDim));
          inputs.addAll(keys);
          inputs.addAll(values);
          inputs.add(random.uniform(batch, contexts));
          return new RandomCases.Case(
              "attention",
              inputs,
              (implementation, all) ->
                  implementation.moe(
                      all.get(0),
                      all.subList(1, 1 + contexts),
                      all.subList(1 + contexts, 1 + 2 * contexts),
                      all.get(1 + 2 * contexts)));
        });
  }

  @Test
  @BadInput(
      number = 78,
      value = "random shapes: empty, odd, large, strided; every type",
      then = "accepted; results equal the reference implementation")
  void ssim() {
    check(
        random -> {
          Ssim.Border border = random.oneIn(2) ? Ssim.Border.VALID : Ssim.Border.SAME;
          int smallest = border == Ssim.Border.VALID ? 10 : 0;
          int channels = random.size(3);
          int height = smallest + random.size(90);
          int width = smallest + random.size(50);
          long[] shape = {random.sizeOrNone(3), channels, height, width};
          double range = random.oneIn(2) ? 1 : 2;
          // Alike, or the similarities of all points cancel and rounding is all that is left.
          Tensor x = random.uniform(shape);
          Tensor y = random.uniform(shape).add_(x);
          double difference = random.oneIn(2) ? 0 : 1;
          return new RandomCases.Case(
              border + " range " + range + " difference " + difference,
              List.of(x, y),
              (implementation, pair) ->
                  sum(
                      difference == 0
                          ? implementation.ssim(pair.get(0), pair.get(1), border, range)
                          : implementation.ssimLoss(
                              pair.get(0), pair.get(1), 1, difference, border, range),
                      channels * height * width));
        });
  }

  @Test
  @BadInput(
      number = 78,
      value = "random shapes: empty, odd, large, strided; every type",
      then = "accepted; results equal the reference implementation")
  void perceptualDistance() {
    check(
        random -> {
          int channels = random.size(random.oneIn(8) ? 600 : 80);
          int height = random.size(30);
          int width = random.size(40);
          long[] shape = {random.sizeOrNone(3), channels, height, width};
          // Away from 0, where the direction of a single channel jumps.
          Tensor features = random.uniform(shape).add_(Torch.scalar(0.25));
          Tensor target = random.uniform(shape).add_(Torch.scalar(0.25));
          if (random.oneIn(3)) {
            features.narrow(3, 0, 1).zero_();
          }
          return new RandomCases.Case(
              "perceptual",
              List.of(features, target, random.uniform(channels)),
              (implementation, all) ->
                  sum(
                      implementation.perceptual(all.get(0), all.get(1), all.get(2)),
                      height * width));
        });
  }

  @Test
  @BadInput(
      number = 78,
      value = "random shapes: empty, odd, large, strided; every type",
      then = "accepted; results equal the reference implementation")
  void linearCrossEntropy() {
    check(
        random -> {
          int rows = random.size(40);
          int width = random.size(48);
          int classes = random.size(120);
          int chunk = random.below(rows + 1);
          Tensor labels = random.labels(rows, classes);
          // Small logits, that rounding them to bfloat16 changes little.
          Tensor weight = random.normal(classes, width).mul_(Torch.scalar(1.0 / width));
          return new RandomCases.Case(
              "chunks of " + chunk,
              List.of(random.normal(rows, width), weight),
              (implementation, both) ->
                  sum(
                      implementation == Implementation.NATIVE
                          ? LinearCrossEntropy.mean(both.get(0), both.get(1), labels, chunk)
                          : LinearCrossEntropy.reference(both.get(0), both.get(1), labels),
                      rows));
        });
  }

  @Test
  @BadInput(
      number = 78,
      value = "random shapes: empty, odd, large, strided; every type",
      then = "accepted; results equal the reference implementation")
  void linear() {
    check(
        random -> {
          // A few are so large that oneDNN computes them in float32, see LinearProductTest.
          boolean large = random.oneIn(16);
          int rows = large ? 512 + random.below(64) : random.sizeOrNone(200);
          int in = large ? 512 + random.below(64) : random.size(300);
          int out = large ? 512 + random.below(64) : random.size(300);
          List<Tensor> inputs = new ArrayList<>();
          inputs.add(random.oneIn(2) ? random.normal(rows, in) : random.normal(2, rows, in));
          // Small, so that rounding a result to bfloat16 changes little.
          inputs.add(random.normal(out, in).mul_(Torch.scalar(1.0 / in)));
          if (random.oneIn(2)) {
            inputs.add(random.normal(out));
          }
          return new RandomCases.Case(
              "linear",
              inputs,
              (implementation, all) -> {
                TensorOptional bias =
                    all.size() == 3 ? new TensorOptional(all.get(2)) : Torch.none();
                return implementation == Implementation.NATIVE
                    ? LinearProduct.of(all.get(0), all.get(1), bias)
                    : LinearProduct.reference(all.get(0), all.get(1), bias);
              });
        });
  }

  @Test
  @BadInput(
      number = 78,
      value = "random shapes: empty, odd, large, strided; every type",
      then = "accepted; results equal the reference implementation")
  void groupNormSilu() {
    check(
        random -> {
          int groups = random.size(6);
          int channels = groups * random.size(12);
          int height = random.size(30);
          // Of few elements the deviation may be next to nothing, and the gradient then any number.
          int width = 4 + random.size(40);
          long[] shape = {random.sizeOrNone(3), channels, height, width};
          return new RandomCases.Case(
              groups + " groups",
              List.of(random.normal(shape), random.normal(channels), random.normal(channels)),
              (implementation, all) ->
                  implementation.groupNormSilu(all.get(0), all.get(1), all.get(2), groups, 1e-3));
        });
  }

  @Test
  @BadInput(
      number = 78,
      value = "random shapes: empty, odd, large, strided; every type",
      then = "accepted; results equal the reference implementation")
  void adamW() {
    forEachSeed(
        (seed, random) -> {
          boolean isFloat = random.dtype() == ScalarType.Float;
          boolean mastered = isFloat && random.oneIn(3);
          boolean shortGradients = isFloat && random.oneIn(3);
          int count = random.size(6);
          List<Tensor> parameters = new ArrayList<>();
          List<Tensor> gradients = new ArrayList<>();
          List<Tensor> averages = new ArrayList<>();
          List<Tensor> squares = new ArrayList<>();
          List<Tensor> rounded = new ArrayList<>();
          for (int i = 0; i < count; i++) {
            long[] shape =
                random.oneIn(8)
                    ? new long[] {random.size(40_000)}
                    : new long[] {random.sizeOrNone(30), random.size(40)};
            parameters.add(random.normalInPlace(shape));
            averages.add(random.normalInPlace(shape));
            squares.add(random.normalInPlace(shape).square_());
            Tensor gradient = random.normal(shape);
            gradients.add(
                random.oneIn(5)
                    ? new Tensor()
                    : shortGradients ? gradient.to(ScalarType.BFloat16) : gradient);
            if (mastered) {
              rounded.add(torch.empty(shape, Torch.options(ScalarType.BFloat16), null));
              rounded.get(i).copy_(parameters.get(i));
            }
          }
          Tensor steps = Torch.of(new float[count], count).add_(Torch.scalar(random.below(20)));
          AdamWUpdate.Tensors tensors =
              new AdamWUpdate.Tensors(parameters, gradients, averages, squares, rounded, steps);
          Tensor scale = random.oneIn(3) ? null : Torch.of(new double[] {0.3}, 1).squeeze(0);
          AdamWUpdate.Hyperparameters settings =
              new AdamWUpdate.Hyperparameters(0.1, 0.9, 0.99, 1e-8, random.below(2) * 0.1);
          AdamWUpdate.Tensors wide = copy(tensors, random.dtype());
          Implementation.REFERENCE.adamW(wide, scale, settings);
          Implementation.NATIVE.adamW(tensors, scale, settings);
          assertThat(Torch.floats(steps)).as("seed %d", seed).isEqualTo(Torch.floats(wide.steps()));
          for (int i = 0; i < rounded.size(); i++) {
            assertThat(Torch.floats(rounded.get(i)))
                .as("seed %d, tensor %d", seed, i)
                .isEqualTo(Torch.floats(parameters.get(i).to(ScalarType.BFloat16)));
          }
          assertClose(
              numbers(tensors),
              numbers(wide),
              Implementation.tolerance(random.dtype()),
              "seed %d, %s, masters %s, short gradients %s: %s"
                  .formatted(
                      seed,
                      random.dtype(),
                      mastered,
                      shortGradients,
                      parameters.stream().map(Torch::describe).toList()));
        });
  }

  /** A copy, in float32 what is of bfloat16 but for what is written rounded. */
  private static AdamWUpdate.Tensors copy(AdamWUpdate.Tensors tensors, ScalarType dtype) {
    ScalarType wide = dtype == ScalarType.Double ? ScalarType.Double : ScalarType.Float;
    Function<List<Tensor>, List<Tensor>> copied =
        list -> list.stream().map(t -> t.defined() ? t.clone().to(wide) : t).toList();
    return new AdamWUpdate.Tensors(
        copied.apply(tensors.parameters()),
        copied.apply(tensors.gradients()),
        copied.apply(tensors.averages()),
        copied.apply(tensors.squares()),
        tensors.rounded().stream().map(Tensor::clone).toList(),
        tensors.steps().clone());
  }

  private static List<double[]> numbers(AdamWUpdate.Tensors tensors) {
    return Stream.of(tensors.parameters(), tensors.averages(), tensors.squares())
        .flatMap(List::stream)
        .map(Torch::doubles)
        .toList();
  }

  @Test
  @BadInput(
      number = 78,
      value = "random shapes: empty, odd, large, strided; every type",
      then = "accepted; results equal the reference implementation")
  void gradientNorms() {
    forEachSeed(
        (seed, random) -> {
          List<Tensor> gradients = new ArrayList<>();
          for (int i = random.sizeOrNone(8); i > 0; i--) {
            Tensor gradient =
                random.oneIn(8)
                    ? random.normal(random.size(70_000))
                    : random.normal(random.sizeOrNone(30), random.size(40));
            boolean other = random.oneIn(4);
            gradients.add(
                random.oneIn(5)
                    ? new Tensor()
                    : other ? gradient.to(ScalarType.BFloat16) : gradient);
          }
          assertClose(
              List.of(Torch.doubles(Implementation.NATIVE.norms(gradients))),
              List.of(Torch.doubles(Implementation.REFERENCE.norms(gradients))),
              1e-13,
              "seed " + seed + ", " + gradients.size() + " tensors");
        });
  }

  /** From a mean to a sum, so that gradients are of the order of 1 whatever the shape. */
  private static Tensor sum(Tensor mean, int count) {
    return mean.mul(Torch.scalar(count));
  }
}
