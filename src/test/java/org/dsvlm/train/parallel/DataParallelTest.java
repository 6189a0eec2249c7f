/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.BadInput;
import org.dsvlm.data.RecordLedger;
import org.dsvlm.distributed.ProcessGroup;
import org.dsvlm.distributed.Together;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.Closed;
import org.dsvlm.testing.Closes;
import org.dsvlm.train.TinyRun;
import org.dsvlm.train.TrainingRun;
import org.dsvlm.train.recipe.RecipeReader;
import org.dsvlm.train.run.RunFolder;
import org.dsvlm.train.run.TrainingListener;
import org.dsvlm.weights.safetensors.Safetensors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs of several ranks against the same run of one. */
class DataParallelTest {
  /** Four micro batches a step, 10 steps, a few buckets; a thread for each rank. */
  private static final List<String> STEPS =
      List.of(
          "threads=1",
          "stage0.max_steps=1",
          "checkpoint.every_steps=3",
          "tensorboard.pictures_every_steps=0",
          "report.pictures=0",
          "stage1.max_steps=5",
          "stage2.max_steps=5",
          "stage1.micro_batch_size=1",
          "stage2.micro_batch_size=1",
          "distributed.bucket_mebibytes=0.01");

  private static final List<String> LORA =
      List.of(
          "model.language.trainable=false",
          "model.language.lora.rank=2",
          "model.language.lora.dropout=0.1");

  /** A parameter of the UNet gets a gradient for each step of the sampler. */
  private static final List<String> UNROLLED =
      List.of(
          "supervision.reconstruction.kind=unrolled",
          "supervision.reconstruction.steps=3",
          "supervision.reconstruction.gradient_steps=2");

  /**
   * Weights of 16 bits, and one backward pass a micro batch, of which a step has two: sums of two
   * terms are the same in any order, however they are rounded.
   */
  private static final String[] MASTERS = {
    "precision=bfloat16",
    "supervision.enabled=false",
    "threads=1",
    "checkpoint.every_steps=3",
    "stage1.max_steps=5",
    "stage2.max_steps=5",
    "stage1.max_grad_norm=0",
    "stage2.max_grad_norm=0",
    "distributed.bucket_mebibytes=0.01"
  };

  @TempDir private Path folder;
  private TinyRun tiny;

  @BeforeEach
  void records() throws IOException {
    tiny = new TinyRun(folder);
  }

  private ObjectNode recipe(boolean lora, int zero, String... more) {
    List<String> all = new ArrayList<>(STEPS);
    all.addAll(lora ? LORA : List.of());
    all.add("distributed.zero=" + zero);
    all.addAll(List.of(more));
    return tiny.recipe(all.toArray(String[]::new));
  }

  private Path train(int size, String name, ObjectNode recipe) throws IOException {
    return train(size, name, recipe, () -> false);
  }

  /** Trains, or goes on, in {@code size} ranks. */
  private Path train(int size, String name, ObjectNode recipe, BooleanSupplier stop)
      throws IOException {
    Path run = folder.resolve(name);
    Together.run(size, group -> train(group, run, recipe, stop));
    return run;
  }

  private static void train(ProcessGroup group, Path run, ObjectNode recipe, BooleanSupplier stop) {
    try (RunFolder opened = group.firstBeforeOthers(() -> open(group, run, recipe))) {
      TrainingRun.run(group, RecipeReader.bind(recipe), opened, TrainingListener.NONE, stop);
    }
  }

  private static RunFolder open(ProcessGroup group, Path run, ObjectNode recipe) {
    if (!group.isFirst()) {
      return RunFolder.join(run, recipe);
    }
    return Files.exists(run) ? RunFolder.resume(run, recipe) : RunFolder.create(run, recipe);
  }

  private static void haveTheSameMetrics(Path actual, Path expected) throws IOException {
    List<ObjectNode> wanted = TinyRun.metrics(expected);
    List<ObjectNode> found = TinyRun.metrics(actual);
    assertThat(found).hasSameSizeAs(wanted);
    for (int i = 0; i < wanted.size(); i++) {
      areAlike("step " + (i + 1), found.get(i), wanted.get(i));
    }
  }

  private static void areAlike(String where, JsonNode actual, JsonNode expected) {
    if (expected.isNumber()) {
      assertThat(actual.doubleValue())
          .as(where)
          .isCloseTo(expected.doubleValue(), within(1e-6 * Math.max(1, expected.doubleValue())));
      return;
    }
    assertThat(actual.size()).as(where).isEqualTo(expected.size());
    if (expected.isArray()) {
      for (int i = 0; i < expected.size(); i++) {
        areAlike(where + "[" + i + "]", actual.get(i), expected.get(i));
      }
    }
    expected
        .properties()
        .forEach(
            entry -> {
              assertThat(actual.has(entry.getKey())).as(where + ": " + entry.getKey()).isTrue();
              areAlike(where + ": " + entry.getKey(), actual.get(entry.getKey()), entry.getValue());
            });
  }

  private static void haveTheSameTensors(Path actual, Path expected, double tolerance) {
    try (PointerScope scope = new PointerScope();
        Safetensors found = Safetensors.open(actual);
        Safetensors wanted = Safetensors.open(expected)) {
      assertThat(found.names()).isEqualTo(wanted.names());
      for (String name : wanted.names()) {
        assertThat(found.shape(name)).as(name).isEqualTo(wanted.shape(name));
        assertThat(Torch.doubles(found.read(name)))
            .as(name)
            .containsExactly(Torch.doubles(wanted.read(name)), within(tolerance));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"2, true, 0", "4, false, 1", "2, true, 2", "4, false, 2"})
  void severalRanksMakeTheStepsOfOne(int size, boolean lora, int zero) throws IOException {
    haveTheStepsOfOne(size, recipe(lora, zero));
  }

  @ParameterizedTest
  @CsvSource({"2, 0", "3, 2"})
  void gradientsThatComeInSeveralPassesCountToo(int size, int zero) throws IOException {
    haveTheStepsOfOne(size, recipe(false, zero, UNROLLED.toArray(String[]::new)));
  }

  private void haveTheStepsOfOne(int size, ObjectNode recipe) throws IOException {
    Path one = train(1, "one", recipe);
    Path several = train(size, "several", recipe);
    haveTheSameMetrics(several, one);
    assertThat(TinyRun.results(several).keySet()).isEqualTo(TinyRun.results(one).keySet());
    String last = "checkpoints/step-" + TinyRun.metrics(one).size();
    for (String file :
        List.of(
            "export/model.safetensors",
            "multi_adapter.safetensors",
            last + "/model.safetensors",
            last + "/optimizer.safetensors")) {
      haveTheSameTensors(several.resolve(file), one.resolve(file), 1e-9);
    }
  }

  /** Where it was interrupted, the number of ranks changes too. */
  @ParameterizedTest
  @CsvSource({"3, 2, 1", "2, 3, 2"})
  @BadInput(
      number = 58,
      value = "a run resumed with another number of processes",
      then = "accepted; the metrics are those of an uninterrupted run")
  void aRunGoesOnWithAnotherNumberOfProcesses(int before, int after, int zero) throws IOException {
    ObjectNode recipe = recipe(true, zero);
    Path straight = train(1, "straight", recipe);
    Path resumed = folder.resolve("resumed");
    train(before, "resumed", recipe, () -> Files.exists(resumed.resolve("checkpoints/step-6")));
    assertThat(TinyRun.metrics(resumed)).hasSizeLessThan(10);
    train(after, "resumed", recipe);
    haveTheSameMetrics(resumed, straight);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void mastersOfTwoRanksAreThoseOfOneAlsoWhereTheyGoOn(int zero) throws IOException {
    List<String> keys = new ArrayList<>(List.of(MASTERS));
    keys.add("distributed.zero=" + zero);
    ObjectNode recipe = tiny.recipe(keys.toArray(String[]::new));
    Path one = train(1, "one", recipe);
    Path two = train(2, "two", recipe);
    haveTheSameMetrics(two, one);
    haveTheSameBits(two, one);

    Path resumed = folder.resolve("resumed");
    train(2, "resumed", recipe, () -> Files.exists(resumed.resolve("checkpoints/step-6")));
    assertThat(TinyRun.metrics(resumed)).hasSizeLessThan(10);
    train(2, "resumed", recipe);
    TinyRun.assertSame(resumed, two);
    haveTheSameBits(resumed, two);
  }

  /** Of what they export, and of the optimizer's state. */
  private static void haveTheSameBits(Path actual, Path expected) {
    String state = "checkpoints/step-10/optimizer.safetensors";
    for (String file : List.of("export/model.safetensors", state)) {
      haveTheSameTensors(actual.resolve(file), expected.resolve(file), 0);
    }
    try (Safetensors optimizer = Safetensors.open(expected.resolve(state))) {
      assertThat(optimizer.names()).anyMatch(name -> name.endsWith(".master"));
    }
  }

  @Test
  void aStepHasToHoldAMicroBatchForEachRank() {
    ObjectNode recipe = tiny.recipe("stage2.micro_batch_size=4");
    assertThatThrownBy(() -> train(2, "run", recipe))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("stage2.batch_size 4 with micro_batch_size 4 makes 1 micro batches")
        .hasMessageContaining("too few for 2 processes");
  }

  @Test
  void theSameRanksGiveTheSameBits() throws IOException {
    ObjectNode recipe = recipe(false, 2);
    Path one = train(3, "one", recipe);
    Path other = train(3, "other", recipe);
    assertThat(TinyRun.metrics(one)).isEqualTo(TinyRun.metrics(other));
    Map<String, byte[]> results = TinyRun.results(one);
    TinyRun.results(other)
        .forEach((file, bytes) -> assertThat(results.get(file)).as(file).isEqualTo(bytes));
  }

  @Test
  @Closes(DataParallel.class)
  void aClosedExchangeSaysSo() {
    try (PointerScope scope = new PointerScope();
        ProcessGroup group = ProcessGroup.alone()) {
      Tensor parameter = Torch.of(new float[] {1, 2}, 2).set_requires_grad(true);
      DataParallel exchange =
          new DataParallel(
              group,
              RecipeReader.bind(RecipeReader.resolve("nano-scratch", STEPS)).distributed(),
              List.of(),
              Map.of("parameter", parameter),
              RecordLedger.unwritten(folder.resolve("ledger"), 1));
      Closed.saysSo(
          exchange,
          () -> exchange.begin(1),
          () -> exchange.beginMicroBatch(true),
          () -> exchange.aside(() -> {}),
          exchange::finishGradients,
          exchange::updated,
          () -> exchange.write(Map.of(), weights -> {}));
    }
  }
}
