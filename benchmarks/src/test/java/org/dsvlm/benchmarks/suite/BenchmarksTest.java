/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.dsvlm.benchmarks.AttentionShape;
import org.dsvlm.benchmarks.MapShape;
import org.dsvlm.benchmarks.ServingBenchmark;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Every benchmark runs once, small and in this JVM: they are there to be run, not for figures. */
class BenchmarksTest {
  private static final Path PEERS = Path.of("benchmarks/peers");

  @TempDir private static Path models;

  @BeforeAll
  static void writeModelsElsewhere() {
    System.setProperty("dsvlm.benchmarks.models", models.toString());
  }

  @ParameterizedTest
  @CsvSource({
    "MOE_CROSS_ATTENTION, 1x17x2x8:5+7, float32",
    "MOE_CROSS_ATTENTION, 1x17x2x8:5+7, bfloat16",
    "SSIM, 1x3x16x12, float32",
    "PERCEPTUAL_DISTANCE, 2x8x4x4+2x4x2x2, bfloat16",
    "GROUP_NORM_SILU, 2x64x5x5, float32",
    "ADAMW, 8x4x3x3+8x1x1x1, float32",
    "ADAMW, 8x4x3x3+8x1x1x1, bfloat16",
    "GRADIENT_NORMS, 8x4x3x3+8x1x1x1, bfloat16",
    "TRAINING_STEP, nano:1, float32",
    "GENERATION, nano, float32",
    "EVALUATION, nano, float32",
    "DATA_LOADING, jpeg:40x30, float32",
    "MACHINE, 16, float32"
  })
  void everyBenchmarkRuns(Operation operation, String shape, String dtype) throws RunnerException {
    assertThat(results(operation.benchmark(), options(shape, dtype)))
        .extracting(result -> result.getParams().getBenchmark().replaceAll(".*\\.", ""))
        .containsExactlyInAnyOrderElementsOf(operation.modes());
  }

  @Test
  void answersAreServedOneByOneAndTogether() throws RunnerException {
    ChainedOptionsBuilder options = options("nano", "float32").param("tokens", "2");
    assertThat(results(ServingBenchmark.class, options)).hasSize(2);
  }

  private static ChainedOptionsBuilder options(String shape, String dtype) {
    return new OptionsBuilder()
        .param("shape", shape)
        .param("dtype", dtype)
        .mode(Mode.SingleShotTime)
        .forks(0)
        .warmupIterations(0)
        .measurementIterations(1)
        .shouldFailOnError(true);
  }

  private static Collection<RunResult> results(Class<?> benchmark, ChainedOptionsBuilder options)
      throws RunnerException {
    return new Runner(
            options.include("^" + benchmark.getName().replace(".", "\\.") + "\\.").build(),
            OutputFormatFactory.createFormatInstance(
                new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8),
                VerboseMode.SILENT))
        .run();
  }

  @Test
  void everyOperationHasAPeerOfItsName() {
    for (Operation operation : Operation.values()) {
      assertThat(Files.exists(PEERS.resolve(operation.stem() + ".py")))
          .as(operation.stem())
          .isTrue();
    }
  }

  @Test
  void theQuickCasesArePartOfAll() {
    List<Case> all = Case.standard(false);
    assertThat(all).doesNotHaveDuplicates().containsAll(Case.standard(true));
    assertThat(all.stream().map(c -> c.operation().stem()).distinct())
        .hasSameElementsAs(Operation.stems());
  }

  @Test
  void shapesAreReadAsTheyAreWritten() {
    assertThat(AttentionShape.parse("1x4096x8x40:576+77")).hasToString("1x4096x8x40:576+77");
    assertThat(MapShape.parse("4x3x256x128")).hasToString("4x3x256x128");
    assertThat(MapShape.parseAll("vgg16:4x192"))
        .isEqualTo(
            MapShape.parseAll("4x64x192x192+4x128x96x96+4x256x48x48+4x512x24x24+4x512x12x12"));
    for (String wrong : List.of("", "1x2x3:4", "1x2x3x4", "1x2x3x4:", "1x2x3x4:5+", "1x2x3x-4:5")) {
      assertThatThrownBy(() -> AttentionShape.parse(wrong))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> MapShape.parseAll("1x2x3x4+"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aPythonThatIsNotThereIsSaidToBeMissing() {
    assertThat(Peer.missing("/no/such/python")).isEqualTo("it cannot be started");
  }

  @Test
  void wrongOptionsEndWithTwo() {
    assertThat(Main.commandLine(Map.of()).execute("--only", "no_such_op")).isEqualTo(2);
    assertThat(Main.commandLine(Map.of()).execute("--rounds", "0")).isEqualTo(2);
    assertThat(Main.commandLine(Map.of()).execute("--shapes", "/no/such/file")).isEqualTo(2);
  }
}
