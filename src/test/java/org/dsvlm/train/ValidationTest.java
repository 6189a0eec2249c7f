/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.train.recipe.RecipeReader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ValidationTest {
  private static final String EVERY = "validation.every_steps=1";

  /** Nothing is learned. */
  private static final String[] IDLE = {
    "stage1.learning_rate=0", "stage2.learning_rate=0", "vision_learning_rate=0"
  };

  @TempDir private Path folder;
  private TinyRun tiny;

  @BeforeEach
  void records() throws IOException {
    tiny = new TinyRun(folder);
  }

  private String file() {
    return "data.validation=" + folder.resolve("questions.json");
  }

  private static String[] with(String[] some, String... more) {
    return Stream.concat(Stream.of(some), Stream.of(more)).toArray(String[]::new);
  }

  private static List<ObjectNode> withoutValidation(Path run) throws IOException {
    List<ObjectNode> rows = TinyRun.metrics(run);
    for (ObjectNode row : rows) {
      List<String> names = new ArrayList<>();
      row.fieldNames().forEachRemaining(names::add);
      names.removeIf(name -> !name.startsWith("validation_loss"));
      row.remove(names);
    }
    return rows;
  }

  @Test
  void aFileOfRecordsChangesNoBitOfTheRun() throws IOException {
    Path with = tiny.train("with", file(), EVERY, "validation.records=3");
    Path without = tiny.train("without");
    assertThat(TinyRun.metrics(with))
        .extracting(row -> row.has("validation_loss"))
        .containsExactly(false, false, false, true, true, true);
    assertThat(withoutValidation(with)).isEqualTo(TinyRun.metrics(without));
    Map<String, byte[]> results = TinyRun.results(with);
    TinyRun.results(without)
        .forEach((name, bytes) -> assertThat(results.get(name)).as(name).isEqualTo(bytes));
  }

  @Test
  void picturesOfAFileLieWhereItSays() throws IOException {
    Path elsewhere = folder.resolve("elsewhere");
    Path pictures = Path.of(tiny.recipe().path("data").path("pictures").asText());
    Files.createDirectories(elsewhere);
    try (Stream<Path> files = Files.list(pictures)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, elsewhere.resolve(file.getFileName()));
      }
    }
    String own = "data.validation_pictures=" + elsewhere;
    List<ObjectNode> rows = TinyRun.metrics(tiny.train("elsewhere-run", file(), EVERY, own));
    assertThat(rows).isEqualTo(TinyRun.metrics(tiny.train("run", file(), EVERY)));
    assertThatThrownBy(() -> RecipeReader.bind(tiny.recipe(own)))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("data.validation_pictures is the folder of pictures of the file");
  }

  /** A step over all records, from which nothing is learned, has their loss. */
  @Test
  void theLanguageLossIsThatOfAStepOverTheSameRecords() throws IOException {
    Path run =
        tiny.train(
            "run", with(IDLE, file(), EVERY, "stage2.batch_size=6", "stage2.micro_batch_size=2"));
    List<ObjectNode> rows = TinyRun.metrics(run).subList(3, 6);
    for (ObjectNode row : rows) {
      assertThat(row.get("validation_loss_language").asDouble())
          .isCloseTo(row.get("loss_language").asDouble(), within(1e-9));
      assertThat(row.get("validation_loss").asDouble())
          .isCloseTo(
              row.get("validation_loss_language").asDouble()
                  + row.get("validation_loss_reconstruction").asDouble(),
              within(1e-12));
    }
    assertThat(rows)
        .extracting(row -> row.get("validation_loss"))
        .allMatch(rows.get(0).get("validation_loss")::equals);
  }

  @Test
  void aResumedRunIsBitwiseTheSameWithAShareHeldOut() throws IOException {
    String[] settings = {"data.validation=0.4", EVERY, "validation.patience=2"};
    Path straight = tiny.train("straight", settings);
    assertThat(TinyRun.metrics(straight).get(0).has("validation_loss")).isTrue();
    TinyRun.assertSame(tiny.trainInTwoParts("resumed", 5, settings), straight);
  }

  /** The first evaluation is as good as any: two more, and the stage ends. */
  @Test
  void patienceEndsAStageAndTheBestCheckpointIsKept() throws IOException {
    Path run =
        tiny.train("run", with(IDLE, file(), EVERY, "validation.patience=2", "stage2.max_steps=9"));
    assertThat(TinyRun.metrics(run))
        .extracting(row -> row.get("step").asInt())
        .containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(run.resolve("checkpoints/step-4")).isDirectory();
    assertThat(Files.exists(run.resolve("export/model.safetensors"))).isTrue();
  }

  /** What only the evaluation would have found after the stage's last step. */
  @Test
  void aFileThatDoesNotFitIsRefusedBeforeTheFirstStep() {
    assertThatThrownBy(() -> tiny.train("run", file(), "stage2.epochs=0", "stage2.max_steps=0"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("questions.json: record ")
        .hasMessageContaining("the plain template takes one turn");
    assertThat(folder.resolve("run/metrics.jsonl")).doesNotExist();
  }

  @Test
  void aShareOfEverythingIsRefused() {
    assertThatThrownBy(() -> RecipeReader.bind(tiny.recipe("data.validation=1.5")))
        .isInstanceOf(DsVlmException.class)
        .hasMessage("recipe: data.validation is a file, or a share above 0 and below 1, not 1.5");
  }
}
