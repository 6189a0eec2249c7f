/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Sha256;
import org.dsvlm.train.recipe.RecipeReader;
import org.dsvlm.train.run.RunFolder;
import org.dsvlm.train.run.TrainingListener;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A run and its records. */
class RunRecordsTest {
  @TempDir private Path folder;
  private TinyRun tiny;

  @BeforeEach
  void records() throws IOException {
    tiny = new TinyRun(folder);
  }

  @ParameterizedTest
  @CsvSource({"1, 2", "2, 1"})
  void aStageThatIsLeftOutNeedsNoRecords(int without, int with) throws IOException {
    Path run =
        tiny.train(
            "run",
            "stage" + without + ".max_steps=0",
            "stage" + without + ".epochs=0",
            "data.stage" + without + "=");
    assertThat(TinyRun.metrics(run)).hasSize(3).allMatch(row -> row.get("stage").asInt() == with);
  }

  @Test
  void aPictureThatIsMissingIsPassedOverInEveryStage() throws IOException {
    Files.delete(folder.resolve("pictures/2.png"));
    Path run = tiny.train("run", "data.bad_records=0.5");
    assertThat(TinyRun.metrics(run)).hasSize(6);
    for (int stage = 1; stage <= 2; stage++) {
      assertThat(run.resolve("bad_records_stage" + stage + ".jsonl"))
          .content()
          .hasLineCount(1)
          .contains("\"id\":\"r2\"", "image '2.png' is missing");
    }
    for (int picture = 0; picture < 6; picture++) {
      Files.deleteIfExists(folder.resolve("pictures/" + picture + ".png"));
    }
    assertThatThrownBy(() -> tiny.train("none", "data.bad_records=1"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("none of 6 records has a picture")
        .hasMessageContaining("The first that was rejected: ")
        .hasMessageContaining("image '")
        .hasMessageContaining("is missing below");
  }

  @Test
  @BadInput(
      number = 35,
      value = "an empty list of records",
      then = "an error that names key and file, before anything is trained")
  void anEmptyListOfRecords() throws IOException {
    Path empty = Files.writeString(folder.resolve("empty.json"), "[]");
    assertThatThrownBy(() -> tiny.train("run", "data.stage2=" + empty))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("recipe: data.stage2: " + empty + " holds no record");
  }

  @Test
  void aBatchOfTextAloneBeforeAFrozenLanguageModelIsAccepted() throws IOException {
    Path run =
        tiny.train(
            "run",
            "model.language.trainable=false",
            "stage2.max_steps=6",
            "stage2.batch_size=1",
            "stage2.micro_batch_size=1");
    List<ObjectNode> rows = TinyRun.metrics(run);
    assertThat(rows).hasSize(9).allMatch(row -> row.has("loss_language"));
    assertThat(rows.stream().filter(row -> !row.has("loss_reconstruction")))
        .as("six records, of which one has no picture")
        .hasSize(1);
  }

  @Test
  @BadInput(
      number = 58,
      value = "a run resumed with another data file",
      then = "an error with the key and both SHA-256; the old file still works")
  void resumingWithAnotherDataFile() throws IOException {
    Path run = folder.resolve("run");
    ObjectNode recipe = tiny.recipe("supervision.enabled=false");
    try (RunFolder opened = RunFolder.create(run, recipe)) {
      assertThatThrownBy(() -> TrainingRun.run(RecipeReader.bind(recipe), opened, new StopAfter(3)))
          .isInstanceOf(StopAfter.Stopped.class);
    }
    Path questions = folder.resolve("questions.json");
    String before = Files.readString(questions);
    Files.writeString(questions, before.replace("number 3", "number 4"));
    try (RunFolder opened = RunFolder.resume(run, recipe)) {
      assertThatThrownBy(
              () -> TrainingRun.run(RecipeReader.bind(recipe), opened, TrainingListener.NONE))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("data.stage2: SHA-256 ")
          .hasMessageContaining(Sha256.hex(questions) + " now");
    }
    Files.writeString(questions, before);
    try (RunFolder opened = RunFolder.resume(run, recipe)) {
      TrainingRun.run(RecipeReader.bind(recipe), opened, TrainingListener.NONE);
    }
    assertThat(TinyRun.metrics(run)).hasSize(6);
  }

  @Test
  void unknownSourcesAndMissingFilesAreNamed() {
    assertThatThrownBy(() -> tiny.train("a", "data.source=web"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("data.source");
    assertThatThrownBy(() -> tiny.train("b", "data.stage1=", "supervision.enabled=false"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("data.stage1");
    assertThatThrownBy(() -> tiny.train("c", "model.tokenizer="))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("model.tokenizer");
  }
}
