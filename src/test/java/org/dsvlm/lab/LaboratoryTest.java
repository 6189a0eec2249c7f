/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.dsvlm.eval.TestFile;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.train.TinyRun;
import org.dsvlm.train.recipe.RecipeReader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Comparisons of tiny runs. */
class LaboratoryTest {
  /** Of the built-in comparisons: by its file, since its name waits for the shipped models. */
  private static final String RECIPE = "src/main/resources/org/dsvlm/recipes/nano-lab.yaml";

  @TempDir private Path folder;
  private final List<String> log = new ArrayList<>();
  private List<String> overrides;

  @BeforeEach
  void writeData() throws IOException {
    Path questions =
        TestFile.write(
            folder.resolve("questions.tsv"),
            "index\tquestion\tA\tB\tanswer\tcategory\timage",
            "0\tWhat colour?\tred\tblue\tA\tcolour\t" + TestFile.PICTURE,
            "1\tWhich?\tcat\tdog\tB\tsize\t" + TestFile.PICTURE);
    overrides = new ArrayList<>(new TinyRun(folder).data());
    overrides.add("evaluation.questions={mmbench: " + questions + "}");
    overrides.add("evaluation.max_new_tokens=2");
  }

  private String comparison(String name, String arms) throws IOException {
    String text =
        """
        recipe: %s
        seeds: 1
        arms: %s
        measures: [accuracy, reconstruction, seconds_stage1]
        """
            .formatted(TinyRun.RECIPE, arms);
    return Files.writeString(folder.resolve(name + ".yaml"), text).toString();
  }

  private Laboratory laboratory(String name, BooleanSupplier stop) {
    return new Laboratory(folder.resolve(name), overrides, 0, tree -> {}, log::add, stop);
  }

  private long trained() {
    return log.stream().filter(line -> line.startsWith("done in")).count();
  }

  /** The figures of all arms in a laboratory, but for what the clock decides, by file. */
  private Map<String, Map<String, Double>> figures(String name) throws IOException {
    Map<String, Map<String, Double>> figures = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder.resolve(name).resolve("arms"))) {
      for (Path file : files.toList()) {
        Map<String, Double> own = new TreeMap<>(ArmResult.read(file).orElseThrow().figures());
        own.keySet().removeIf(key -> key.startsWith("seconds"));
        figures.put(file.getFileName().toString(), own);
      }
    }
    return figures;
  }

  @Test
  void runsAnArmOfTwoComparisonsOnce() throws IOException {
    String first = comparison("first", "{plain: [supervision.enabled=false], usual: []}");
    String second = comparison("second", "{usual: [], heavy: [supervision.weight=3.0]}");
    Laboratory laboratory = laboratory("lab", () -> false);

    assertThat(laboratory.run(List.of(first, second))).isTrue();
    assertThat(trained()).isEqualTo(3);
    Map<String, Map<String, Double>> figures = figures("lab");
    assertThat(figures).hasSize(3);
    assertThat(figures.values())
        .allSatisfy(
            own ->
                assertThat(own)
                    .containsKeys("accuracy", "chance", "majority", "accuracy.colour", "language"));
    assertThat(figures.values().stream().filter(own -> own.containsKey("reconstruction")))
        .hasSize(2);
    assertThat(folder.resolve("lab/work")).isDirectoryNotContaining("glob:**/*-seed1");

    assertThat(laboratory.run(List.of(first, second))).isTrue();
    assertThat(trained()).as("nothing is run again").isEqualTo(3);
    assertThat(Files.readString(laboratory.write(List.of(first), "lab").get(0)))
        .contains("| plain | 1 |", "| usual | 1 |");
  }

  @Test
  void goesOnWithAnArmThatWasStopped() throws IOException {
    String one = comparison("one", "{usual: []}");
    assertThat(laboratory("whole", () -> false).run(List.of(one))).isTrue();

    int[] asked = {0};
    assertThat(laboratory("parts", () -> ++asked[0] > 6).run(List.of(one))).isFalse();
    assertThat(folder.resolve("parts/work")).isDirectoryContaining("glob:**/*-seed1");
    assertThat(figures("parts")).isEmpty();
    assertThat(laboratory("parts", () -> false).run(List.of(one))).isTrue();
    assertThat(figures("parts")).isEqualTo(figures("whole"));
  }

  @Test
  void namesTheArmWhoseKeyDoesNotExist() throws IOException {
    String one = comparison("one", "{wrong: [supervision.wait=2]}");
    assertThatThrownBy(() -> laboratory("lab", () -> false).run(List.of(one)))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("one, wrong", "supervision.wait", "supervision.weight");
    assertThatThrownBy(() -> laboratory("lab", () -> false).run(List.of("table2")))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("table2", "table1");
  }

  @Test
  void readsTheBuiltInComparisons() {
    for (String name : Laboratory.names()) {
      Comparison comparison = Comparison.named(name);
      assertThat(comparison.arms()).as(name).isNotEmpty();
      assertThat(comparison.paper().says()).as(name).isNotBlank();
      assertThat(comparison.recipe()).as(name).isEqualTo("nano-lab");
      for (Arm arm : comparison.arms()) {
        assertThatCode(() -> RecipeReader.bind(RecipeReader.resolve(RECIPE, arm.overrides())))
            .as(name + ", " + arm.name())
            .doesNotThrowAnyException();
      }
    }
  }
}
