/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.dsvlm.distributed.Together;
import org.dsvlm.train.recipe.RecipeReader;
import org.dsvlm.train.run.RunFolder;
import org.dsvlm.train.run.TrainingListener;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstrumentsTest {
  private static final String OFTEN = "instruments.every_steps=2";

  /** What the instruments add to a step's line. */
  private static final Pattern MEASURED =
      Pattern.compile(
          "condition_use.*|grad_norm_.*_(language|reconstruction)|reconstruction_mae.*");

  @TempDir private Path folder;
  private TinyRun tiny;

  @BeforeEach
  void records() throws IOException {
    tiny = new TinyRun(folder);
  }

  private static List<ObjectNode> withoutInstruments(Path run) throws IOException {
    List<ObjectNode> rows = TinyRun.metrics(run);
    for (ObjectNode row : rows) {
      List<String> names = new ArrayList<>();
      row.fieldNames().forEachRemaining(names::add);
      names.removeIf(name -> !MEASURED.matcher(name).matches());
      row.remove(names);
    }
    return rows;
  }

  @Test
  void aRunIsBitwiseTheSameWithAndWithoutThem() throws IOException {
    Path with = tiny.train("with", OFTEN);
    Path without = tiny.train("without", "instruments.enabled=false");
    assertThat(withoutInstruments(with)).isEqualTo(TinyRun.metrics(without));
    Map<String, byte[]> results = TinyRun.results(with);
    TinyRun.results(without)
        .forEach((file, bytes) -> assertThat(results.get(file)).as(file).isEqualTo(bytes));
  }

  @Test
  void aResumedRunMeasuresTheSame() throws IOException {
    Path straight = tiny.train("straight", OFTEN);
    TinyRun.assertSame(tiny.trainInTwoParts("resumed", 3, OFTEN), straight);
  }

  /** A stage of a few steps is read at its end, and its metrics have the time that this took. */
  @Test
  void byDefaultAShortRunIsReadAtTheEndsOfItsStages() throws IOException {
    Path run = tiny.train("run", "tensorboard.pictures_every_steps=0");
    assertThat(TinyRun.metrics(run))
        .extracting(row -> row.has("condition_use"))
        .containsExactly(false, false, true, false, false, true);
    List<String> lines = Files.readAllLines(run.resolve("metrics.jsonl"));
    assertThat(lines)
        .extracting(line -> line.contains("\"instruments_seconds\":"))
        .containsExactly(false, false, true, false, false, true);
  }

  /** After steps 2 and 3 of stage 1, and 2 and 3 of stage 2. */
  @Test
  void conditionUseIsTheMeanOverTheTimesteps() throws IOException {
    List<ObjectNode> rows = TinyRun.metrics(tiny.train("run", OFTEN));
    assertThat(rows)
        .extracting(row -> row.has("condition_use"))
        .containsExactly(false, true, true, false, true, true);
    JsonNode row = rows.get(1);
    JsonNode byTimestep = row.get("condition_use_by_timestep");
    assertThat(byTimestep).hasSize(4);
    double sum = 0;
    for (JsonNode share : byTimestep) {
      sum += share.asDouble();
    }
    assertThat(row.get("condition_use").asDouble()).isNotZero().isCloseTo(sum / 4, within(1e-12));
    List<String> features = new ArrayList<>();
    row.get("condition_use_by_feature").fieldNames().forEachRemaining(features::add);
    assertThat(features).containsExactly("text", "low", "mid", "high");
    assertThat(row.get("reconstruction_mae").asDouble())
        .isGreaterThan(row.get("reconstruction_mae_autoencoder").asDouble());
  }

  /**
   * Before the first update each loss has the gradient that it has in a run of its own. A step has
   * two micro batches.
   */
  @Test
  void gradientNormsAreThoseOfEachLossAlone() throws IOException {
    String every = "instruments.every_steps=1";
    ObjectNode both = TinyRun.metrics(tiny.train("both", every)).get(0);
    Map<String, String> alone =
        Map.of("language", "supervision.enabled=false", "reconstruction", "language_weight=0");
    for (String loss : alone.keySet()) {
      ObjectNode row = TinyRun.metrics(tiny.train(loss, alone.get(loss))).get(0);
      for (String part : List.of("vision_encoder", "connector")) {
        assertThat(both.get("grad_norm_" + part + "_" + loss).asDouble())
            .as("%s, %s", part, loss)
            .isPositive()
            .isCloseTo(row.get("grad_norm_" + part).asDouble(), withinPercentage(1e-9));
      }
    }
    assertThat(both.has("grad_norm_feature_text_language")).isTrue();
    assertThat(both.has("grad_norm_feature_low_language")).isFalse();
    assertThat(both.get("grad_norm_feature_low_reconstruction").asDouble()).isPositive();
  }

  @Test
  void twoProcessesMeasureAsOneDoes() throws IOException {
    String[] settings = {
      "instruments.every_steps=1", "threads=1", "stage1.micro_batch_size=1", "report.pictures=0"
    };
    List<ObjectNode> expected = TinyRun.metrics(tiny.train("one", settings));
    ObjectNode recipe = tiny.recipe(settings);
    Path two = folder.resolve("two");
    Together.run(
        2,
        group -> {
          try (RunFolder run =
              group.firstBeforeOthers(
                  () ->
                      group.isFirst()
                          ? RunFolder.create(two, recipe)
                          : RunFolder.join(two, recipe))) {
            TrainingRun.run(
                group, RecipeReader.bind(recipe), run, TrainingListener.NONE, () -> false);
          }
        });
    List<ObjectNode> actual = TinyRun.metrics(two);
    for (int i = 0; i < expected.size(); i++) {
      for (String key :
          List.of(
              "condition_use",
              "grad_norm_vision_encoder_language",
              "grad_norm_connector_reconstruction",
              "grad_norm_feature_high_reconstruction")) {
        assertThat(actual.get(i).get(key).asDouble())
            .as("%s of step %d", key, i + 1)
            .isCloseTo(expected.get(i).get(key).asDouble(), withinPercentage(1e-6));
      }
    }
  }

  @Test
  void withoutSupervisionThereIsNothingToMeasure() throws IOException {
    assertThat(TinyRun.metrics(tiny.train("run", "supervision.enabled=false", OFTEN)))
        .noneMatch(row -> row.has("condition_use"));
  }
}
