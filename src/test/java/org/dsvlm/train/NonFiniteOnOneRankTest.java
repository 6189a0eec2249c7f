/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.data.Batch;
import org.dsvlm.distributed.ProcessGroup;
import org.dsvlm.distributed.Together;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.llava.Features;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.recipe.RecipeReader;
import org.dsvlm.train.run.CheckpointFolder;
import org.dsvlm.train.run.RunFolder;
import org.dsvlm.train.run.TrainingListener;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Losses and gradients that are no finite numbers in the last rank alone. */
class NonFiniteOnOneRankTest {
  /** Counted from 1; the run ends at the second one in a row. */
  private static final Set<Long> BAD_STEPS = Set.of(3L, 5L, 6L);

  private static final int STEPS_WITH_SNAPSHOT = 5;
  private static final String CONNECTOR = "multi_modal_projector.linear_1.weight";

  @TempDir private Path folder;
  private TinyRun tiny;

  /** The faults of a loss over features. */
  enum Fault {
    LOSS_IS_NO_NUMBER {
      @Override
      Tensor of(Tensor features) {
        return features.sum().mul(Torch.scalar(Double.NaN));
      }
    },
    LOSS_IS_INFINITE {
      @Override
      Tensor of(Tensor features) {
        return features.sum().mul(Torch.scalar(Double.POSITIVE_INFINITY));
      }
    },
    /** The loss is 0. */
    GRADIENT_IS_INFINITE {
      @Override
      Tensor of(Tensor features) {
        return features.sub(features.detach()).sqrt().sum();
      }
    };

    abstract Tensor of(Tensor features);
  }

  /** A loss beside the language loss, with a {@code fault} at the bad steps; null for none. */
  private record Extra(Fault fault) implements AuxiliaryLoss {
    @Override
    public String name() {
      return "extra";
    }

    @Override
    public double weight() {
      return 1;
    }

    @Override
    public Map<String, Tensor> parameters() {
      return Map.of();
    }

    @Override
    public Outcome loss(Features features, Batch batch, long step) {
      Tensor seen = features.imageFeatures();
      boolean bad = fault != null && BAD_STEPS.contains(step + 1);
      return new Outcome(bad ? fault.of(seen) : seen.square().mean(), null);
    }

    @Override
    public void close() {}
  }

  /**
   * The files and parameters that a run of several processes left.
   *
   * @param failures of each rank
   * @param parameters of each rank after each step that did not end the run
   */
  private record Run(
      Path path,
      List<Optional<Throwable>> failures,
      Map<Integer, List<Map<String, double[]>>> parameters) {}

  @BeforeEach
  void records() throws IOException {
    tiny = new TinyRun(folder);
  }

  /** Stage 1 in {@code size} ranks, of which the last one has the {@code fault}. */
  private Run train(int size, Fault fault, int zero) throws IOException {
    ObjectNode recipe =
        tiny.recipe(
            "supervision.enabled=false",
            "stage1.max_steps=10",
            "stage1.micro_batch_size=1",
            "max_skipped_in_a_row=2",
            "checkpoint.every_steps=1",
            "checkpoint.keep=10",
            "distributed.bucket_mebibytes=0.01",
            "distributed.zero=" + zero);
    Path path = folder.resolve("run" + size);
    Map<Integer, List<Map<String, double[]>>> parameters = new TreeMap<>();
    for (int rank = 0; rank < size; rank++) {
      parameters.put(rank, new ArrayList<>());
    }
    List<Optional<Throwable>> failures =
        Together.failures(
            size,
            group -> {
              try (RunFolder opened = group.firstBeforeOthers(() -> open(group, path, recipe))) {
                boolean last = group.rank() == size - 1;
                train(group, opened, recipe, last ? fault : null, parameters.get(group.rank()));
              }
            });
    return new Run(path, failures, parameters);
  }

  private static RunFolder open(ProcessGroup group, Path path, ObjectNode recipe) {
    return group.isFirst() ? RunFolder.create(path, recipe) : RunFolder.join(path, recipe);
  }

  /** As {@link TrainingRun} does, with an auxiliary loss of ours. */
  private static void train(
      ProcessGroup group,
      RunFolder folder,
      ObjectNode tree,
      Fault fault,
      List<Map<String, double[]>> parameters) {
    Recipe recipe = RecipeReader.bind(tree);
    RandomState random = new RandomState(recipe.seed());
    ScalarType dtype = DTypes.parse(recipe.precision());
    List<AuxiliaryLoss> losses = List.of(new Extra(fault));
    try (RunData data =
            group.firstBeforeOthers(() -> new RunData(recipe, folder, random, group.launch()));
        LlavaStart llava = LlavaStart.of(recipe, data, random, dtype)) {
      TrainableParts parts = new TrainableParts(recipe, llava.parameters(), null, losses, null);
      GradientAccumulation accumulation = new GradientAccumulation(recipe, llava, losses, random);
      CheckpointFolder checkpoints =
          new CheckpointFolder(folder.checkpoints(), recipe.checkpoint().keep());
      new Stages(group, recipe, data, llava.model().config(), parts, accumulation, checkpoints)
          .run(
              folder.metrics(),
              TrainingListener.NONE,
              () -> {
                parameters.add(values(parts));
                return false;
              });
    }
  }

  private static Map<String, double[]> values(TrainableParts parts) {
    Map<String, double[]> values = new TreeMap<>();
    try (PointerScope scope = new PointerScope()) {
      parts.all().forEach((name, tensor) -> values.put(name, Torch.doubles(tensor)));
    }
    return values;
  }

  private static void areWithin(
      double tolerance, Map<String, double[]> actual, Map<String, double[]> expected) {
    assertThat(actual.keySet()).isEqualTo(expected.keySet());
    expected.forEach(
        (name, values) ->
            assertThat(actual.get(name)).as(name).containsExactly(values, within(tolerance)));
  }

  @ParameterizedTest
  @CsvSource({
    "LOSS_IS_NO_NUMBER, 1",
    "LOSS_IS_INFINITE, 0",
    "GRADIENT_IS_INFINITE, 0",
    "GRADIENT_IS_INFINITE, 2"
  })
  @BadInput(
      number = {60, 61},
      value = "a NaN loss or infinite gradient in one process of several",
      then = "all processes skip the step, and stop at the same one")
  void allSkipTheStepAndStopAtTheSameOne(Fault fault, int zero) throws IOException {
    Run two = train(2, fault, zero);
    for (Optional<Throwable> failure : two.failures()) {
      assertThat(failure.orElseThrow())
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("stage 1, step 6: loss ")
          .hasMessageContaining("2 in a row now, and max_skipped_in_a_row is 2")
          // That of step 4 is what the skipped steps began with.
          .hasMessageContaining(
              "The last good checkpoint is " + two.path().resolve("checkpoints/step-2"));
    }
    assertThat(two.path().resolve("checkpoints/step-2")).isDirectory();
    assertThat(two.path().resolve("checkpoints/step-3")).doesNotExist();
    assertThat(TinyRun.metrics(two.path()))
        .extracting(row -> row.get("skipped").asInt())
        .containsExactly(0, 0, 1, 1, 2, 3);

    // In one process the same steps are bad: what it skips, and how it goes on, is in
    // StageLoopTest.
    Run one = train(1, fault, 0);
    List<Map<String, double[]>> wanted = one.parameters().get(0);
    assertThat(wanted).hasSize(STEPS_WITH_SNAPSHOT);
    for (List<Map<String, double[]>> found : two.parameters().values()) {
      assertThat(found).hasSize(STEPS_WITH_SNAPSHOT);
      for (int step = 0; step < STEPS_WITH_SNAPSHOT; step++) {
        areWithin(0, found.get(step), two.parameters().get(0).get(step));
        areWithin(1e-9, found.get(step), wanted.get(step));
      }
      areWithin(0, found.get(2), found.get(1));
      assertThat(found.get(3).get(CONNECTOR)).isNotEqualTo(found.get(2).get(CONNECTOR));
      areWithin(0, found.get(4), found.get(3));
    }
  }
}
