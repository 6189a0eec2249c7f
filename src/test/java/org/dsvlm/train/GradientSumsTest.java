/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.VoidTensorHook;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.data.Prefetcher;
import org.dsvlm.data.RecordSource;
import org.dsvlm.models.diffusion.StableDiffusion;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.train.optim.ParameterGroup;
import org.dsvlm.train.parallel.GradientExchange;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.recipe.RecipeModels;
import org.dsvlm.train.recipe.RecipeReader;
import org.dsvlm.train.run.RunFolder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The gradients of one step of a supervised run: how exact their sums are, and how they come. */
class GradientSumsTest {
  private static final GradientAccumulation.Position FIRST =
      new GradientAccumulation.Position(1, 0, 1, 0);

  private static final String ENCODER = "vision_tower.";

  @TempDir private Path folder;
  private TinyRun tiny;

  @BeforeEach
  void records() throws IOException {
    tiny = new TinyRun(folder);
  }

  /** One step of stage 1 by {@code tree}, from start values that bfloat16 has. */
  private void step(
      ObjectNode tree, Function<List<ParameterGroup>, GradientExchange> exchange, Check check) {
    Recipe recipe = RecipeReader.bind(tree);
    RandomState random = new RandomState(recipe.seed());
    ScalarType dtype = DTypes.parse(recipe.precision());
    RecipeModels sizes = RecipeModels.of(recipe.model());
    try (PointerScope scope = new PointerScope();
        RunFolder run = RunFolder.create(folder.resolve("run" + System.nanoTime()), tree);
        RunData data = new RunData(recipe, run, random);
        LlavaStart llava = LlavaStart.of(recipe, data, random, dtype);
        StableDiffusion diffusion =
            StableDiffusion.random(
                sizes.unet(), sizes.vae(), sizes.schedule(), random.fork("sd"), dtype, "cpu");
        SupervisionLoss supervision =
            new SupervisionLoss(recipe, llava.model(), diffusion, random, dtype, null);
        RecordSource records = data.records(1);
        Prefetcher<RunData.Step> steps = data.steps(1, records, llava.model().config(), 0, 1);
        RunData.Step step = steps.next()) {
      List<AuxiliaryLoss> losses = List.of(supervision);
      TrainableParts parts =
          new TrainableParts(recipe, llava.parameters(), llava.lora(), losses, diffusion);
      List<ParameterGroup> groups = parts.enter(1);
      try (NoGradGuard guard = new NoGradGuard()) {
        rounded(llava.parameters().tensors());
        rounded(diffusion.unetStore().tensors());
        rounded(diffusion.vaeStore().tensors());
        rounded(supervision.parameters());
      }
      GradientAccumulation passes = new GradientAccumulation(recipe, llava, losses, random);
      passes.enter(1);
      try (GradientExchange of = exchange.apply(groups)) {
        check.of(parts, () -> passes.run(step.microBatches(), FIRST, of, null));
      }
    }
  }

  private static void rounded(Map<String, Tensor> tensors) {
    for (Tensor tensor : tensors.values()) {
      tensor.detach().copy_(tensor.detach().to(ScalarType.BFloat16));
    }
  }

  /** Looks at a step that is taken when {@code passes} runs. */
  private interface Check {
    void of(TrainableParts parts, Runnable passes);
  }

  /** Adds up each micro batch's gradients in float64, which rounds nothing. */
  private static final class InFloat64 implements GradientExchange {
    private final List<ParameterGroup> groups;
    private final Map<String, double[]> sums = new LinkedHashMap<>();

    InFloat64(List<ParameterGroup> groups) {
      this.groups = groups;
    }

    @Override
    public List<ParameterGroup> groups() {
      return groups;
    }

    @Override
    public void beginMicroBatch(boolean last) {
      finishGradients();
    }

    @Override
    public void finishGradients() {
      for (ParameterGroup group : groups) {
        group.parameters().forEach(this::take);
      }
    }

    private void take(String name, Tensor parameter) {
      if (parameter.grad().defined()) {
        double[] gradient = Torch.doubles(parameter.grad());
        double[] sum = sums.computeIfAbsent(name, key -> new double[gradient.length]);
        Arrays.setAll(sum, i -> sum[i] + gradient[i]);
        parameter.mutable_grad().reset();
      }
    }
  }

  /** The encoder's gradient after a step of 32 micro batches. */
  private double[] encoderGradient(
      Function<List<ParameterGroup>, GradientExchange> exchange, String... overrides) {
    List<double[]> found = new ArrayList<>();
    List<String> all =
        new ArrayList<>(List.of("stage1.batch_size=32", "stage1.micro_batch_size=1"));
    all.addAll(List.of(overrides));
    InFloat64[] exact = new InFloat64[1];
    step(
        tiny.recipe(all.toArray(String[]::new)),
        groups -> {
          GradientExchange made = exchange.apply(groups);
          exact[0] = made instanceof InFloat64 sums ? sums : null;
          return made;
        },
        (parts, passes) -> {
          passes.run();
          if (exact[0] != null) {
            exact[0].finishGradients();
          }
          for (Map.Entry<String, Tensor> entry : parts.all().entrySet()) {
            boolean summed = exact[0] != null && exact[0].sums.containsKey(entry.getKey());
            if (entry.getKey().startsWith(ENCODER)
                && (summed || entry.getValue().grad().defined())) {
              found.add(
                  summed
                      ? exact[0].sums.get(entry.getKey())
                      : Torch.doubles(entry.getValue().grad()));
            }
          }
        });
    return found.stream().flatMapToDouble(Arrays::stream).toArray();
  }

  private static double relativeError(double[] actual, double[] expected) {
    double error = 0;
    double norm = 0;
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      error += Math.pow(actual[i] - expected[i], 2);
      norm += Math.pow(expected[i], 2);
    }
    return Math.sqrt(error / norm);
  }

  /**
   * The passes themselves round to bfloat16, so that even exact sums differ from a run in float64;
   * adding up must not make that worse.
   */
  @Test
  void theEncodersGradientIsSummedUpAsInFloat64() {
    String shortened = "precision=bfloat16";
    double[] exact = encoderGradient(InFloat64::new, shortened);
    double sums = relativeError(encoderGradient(GradientExchange::alone, shortened), exact);
    double before = relativeError(encoderGradient(groups -> () -> groups, shortened), exact);
    System.out.printf(
        "32 micro batches in bfloat16, relative error of the encoder's gradient against sums in"
            + " float64: %.1e, and %.1e if they add up in bfloat16%n",
        sums, before);
    assertThat(sums).isLessThan(1e-5).isLessThan(before / 100);
  }

  /** Buckets are sent in this order: a wrong one would keep all gradients until the end. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "activation_checkpointing=false",
        "activation_checkpointing=true",
        "supervision.reconstruction.kind=unrolled"
      })
  void gradientsComeInTheOrderOfTheBuckets(String override) {
    ObjectNode tree =
        tiny.recipe(
            override,
            "model.language.config.num_hidden_layers=6",
            "model.vision.config.num_hidden_layers=6",
            "stage1.batch_size=1",
            "stage1.micro_batch_size=1");
    step(
        tree,
        GradientExchange::alone,
        (parts, passes) -> {
          Map<String, Tensor> order = parts.backwardOrder(parts.enter(1));
          Set<String> arrived = new LinkedHashSet<>();
          List<VoidTensorHook> hooks = new ArrayList<>();
          order.forEach((name, tensor) -> hooks.add(noting(name, tensor, arrived)));
          passes.run();
          List<String> inOrder = new ArrayList<>(order.keySet());
          inOrder.retainAll(arrived);
          Map<String, Integer> place = new LinkedHashMap<>();
          inOrder.forEach(name -> place.put(name, place.size()));
          int mostWaiting = 0;
          int sent = 0;
          Set<String> waiting = new LinkedHashSet<>();
          for (String name : arrived) {
            waiting.add(name);
            while (sent < inOrder.size() && waiting.remove(inOrder.get(sent))) {
              sent++;
            }
            mostWaiting = Math.max(mostWaiting, waiting.size());
          }
          assertThat(sent).isEqualTo(inOrder.size());
          // A layer's need not come from its end to its beginning; the largest has 33 parameters.
          assertThat(mostWaiting).isLessThanOrEqualTo(33).isLessThan(order.size() / 5);
        });
  }

  private static VoidTensorHook noting(String name, Tensor tensor, Set<String> arrived) {
    VoidTensorHook hook =
        new VoidTensorHook() {
          @Override
          public void call(TensorBase gradient) {
            arrived.add(name);
          }
        };
    hook.retainReference();
    tensor.register_hook(hook);
    return hook;
  }
}
