/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.dsvlm.train.optim.AdamW;
import org.dsvlm.train.optim.CosineWithWarmup;
import org.dsvlm.train.optim.GradientClipping;
import org.dsvlm.train.optim.ParameterGroup;
import org.dsvlm.train.parallel.GradientExchange;
import org.dsvlm.train.parallel.StepLosses;
import org.dsvlm.train.run.MetricsLog;
import org.dsvlm.train.run.TrainingListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StageLoopTest {
  private static final long TOTAL = 6;
  private static final CosineWithWarmup SCHEDULE = new CosineWithWarmup(1, TOTAL);

  @TempDir private Path folder;
  private int stage = 1;

  /** Leaves a gradient at the parameter; gives the loss. */
  private interface Loss {
    Tensor of(Tensor parameter);
  }

  private static Tensor good(Tensor parameter) {
    return parameter.square().sum();
  }

  private static Tensor notANumber(Tensor parameter) {
    return parameter.sum().mul(Torch.scalar(Double.NaN));
  }

  /** The loss is 0, its slope infinite. */
  private static Tensor infiniteGradient(Tensor parameter) {
    return parameter.sub(parameter.detach()).sqrt().sum();
  }

  private static AdamW optimizer(Tensor parameter) {
    ParameterGroup group = new ParameterGroup("all", Map.of("p", parameter), 0.1, 0.01);
    return new AdamW(List.of(group), 0.9, 0.999, 1e-8);
  }

  private static Tensor parameter() {
    return Torch.of(new double[] {1, -2}, 2).set_requires_grad(true);
  }

  /** Parameter and optimizer's state as they are now, as numbers. */
  private static List<double[]> snapshot(Tensor parameter, AdamW optimizer) {
    List<double[]> all = new ArrayList<>(List.of(Torch.doubles(parameter)));
    optimizer.state().values().forEach(tensor -> all.add(Torch.doubles(tensor)));
    return all;
  }

  /**
   * Runs all steps, those of {@code bad} (from 0) with the loss {@code fault}; gives what parameter
   * and state were after each.
   */
  private List<List<double[]>> run(Set<Long> bad, Loss fault, int maxInARow) {
    List<List<double[]>> after = new ArrayList<>();
    SkippedSteps skipped = new SkippedSteps(maxInARow, step -> "Good until step " + step);
    try (PointerScope scope = new PointerScope()) {
      Tensor parameter = parameter();
      try (AdamW optimizer = optimizer(parameter);
          MetricsLog log = MetricsLog.after(0, folder.resolve("metrics.jsonl"))) {
        TrainingStep step =
            new TrainingStep(
                stage,
                0,
                done -> {
                  Loss loss = bad.contains(done) ? fault : StageLoopTest::good;
                  Tensor value = loss.of(parameter);
                  value.backward();
                  StepLosses losses = new StepLosses();
                  losses.add("language", value, 1, 1);
                  losses.addSamples(1);
                  return losses;
                },
                GradientExchange.alone(optimizer.groups()),
                optimizer,
                SCHEDULE,
                1,
                skipped);
        new StageLoop(step, skipped)
            .run(0, log, TrainingListener.NONE, done -> after.add(snapshot(parameter, optimizer)));
      }
    }
    return after;
  }

  /** The same by hand: the rate of a skipped step is passed over with it. */
  private static List<double[]> byHand(Set<Long> bad) {
    try (PointerScope scope = new PointerScope()) {
      Tensor parameter = parameter();
      try (AdamW optimizer = optimizer(parameter)) {
        for (long step = 0; step < TOTAL; step++) {
          if (!bad.contains(step)) {
            good(parameter).backward();
            GradientClipping clipping = GradientClipping.of(optimizer.gradients());
            optimizer.step(SCHEDULE.factor(step), clipping.factor(clipping.norms().all(), 1));
            optimizer.zeroGradients();
          }
        }
        return snapshot(parameter, optimizer);
      }
    }
  }

  private static void areEqual(List<double[]> actual, List<double[]> expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(actual.get(i)).containsExactly(expected.get(i));
    }
  }

  private void isSkipped(Loss fault, String row) throws IOException {
    Set<Long> bad = Set.of(2L, 4L);
    List<List<double[]>> after = run(bad, fault, 2);
    areEqual(after.get(2), after.get(1));
    areEqual(after.get(4), after.get(3));
    assertThat(after.get(3).get(0)).isNotEqualTo(after.get(2).get(0));
    areEqual(after.get(5), byHand(bad));
    List<String> rows = Files.readAllLines(folder.resolve("metrics.jsonl"));
    assertThat(rows).hasSize(6);
    assertThat(rows.get(1)).contains("\"skipped\":0,");
    assertThat(rows.get(2)).contains(row, "\"skipped\":1,");
    assertThat(rows.get(3)).contains("\"skipped\":1,").doesNotContain("null");
    assertThat(rows.get(5)).contains("\"skipped\":2,");
  }

  @Test
  @BadInput(
      number = 60,
      value = "a NaN loss",
      then = "the step is skipped and counted; parameters stay as they are")
  void aLossThatIsNoNumberSkipsTheStep() throws IOException {
    isSkipped(StageLoopTest::notANumber, "\"loss\":null,");
  }

  @Test
  @BadInput(
      number = 61,
      value = "an infinite gradient",
      then = "the step is skipped and counted; parameters stay as they are")
  void anInfiniteGradientSkipsTheStep() throws IOException {
    isSkipped(StageLoopTest::infiniteGradient, "\"loss\":0.0,\"learning_rate\":0.09");
    assertThat(Files.readAllLines(folder.resolve("metrics.jsonl")).get(2))
        .contains("\"grad_norm\":null,");
  }

  @Test
  @BadInput(
      number = {60, 61},
      value = "too many skipped steps in a row",
      then = "an error with step, loss and gradient norm, and the last good step")
  void tooManySkippedStepsInARowStopTheRun() throws IOException {
    assertThatThrownBy(() -> run(Set.of(1L, 3L, 4L), StageLoopTest::notANumber, 2))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("stage 1, step 5: loss NaN, gradient norm NaN")
        .hasMessageContaining("2 in a row now, and max_skipped_in_a_row is 2")
        .hasMessageContaining("Good until step 3");
    assertThat(Files.readAllLines(folder.resolve("metrics.jsonl"))).hasSize(5);
  }

  /** More than any machine has; on a GPU the allocator's words are others. */
  private static Tensor muchMemory(Tensor parameter) {
    return torch.empty(1L << 50).sum().add(parameter.sum());
  }

  @Test
  @BadInput(
      number = 62,
      value = "memory that runs out",
      then = "an error with stage and step that names the key to lower")
  void outOfMemorySaysWhatToChange() {
    assertThatThrownBy(() -> run(Set.of(2L), StageLoopTest::muchMemory, 2))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("stage 1, step 3: DefaultCPUAllocator: can't allocate memory: ")
        .hasMessageContaining("Lower stage1.micro_batch_size");
    stage = 0;
    assertThatThrownBy(() -> run(Set.of(2L), StageLoopTest::muchMemory, 2))
        .hasMessageContaining("Lower stage0.batch_size; ");
  }

  @Test
  @BadInput(
      number = 62,
      value = "CUDA memory that runs out",
      then = "an error with stage, step and the allocator's figures that names the keys to change")
  void cudaOutOfMemorySaysWhatToChange() {
    Loss full =
        parameter -> {
          throw new RuntimeException(
              "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of"
                  + " 79.11 GiB.\nException raised from malloc (most recent call first):");
        };
    assertThatThrownBy(() -> run(Set.of(0L), full, 2))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith(
            "stage 1, step 1: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total"
                + " capacity of 79.11 GiB. Lower stage1.micro_batch_size")
        .hasMessageContaining("bfloat16");
  }

  @Test
  void otherErrorsKeepTheirWords() {
    Loss broken =
        parameter -> {
          throw new IllegalStateException("a defect");
        };
    assertThatThrownBy(() -> run(Set.of(0L), broken, 2))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("a defect");
  }
}
