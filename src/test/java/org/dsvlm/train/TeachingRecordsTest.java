/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.dsvlm.data.LlavaJson;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.recipe.RecipeReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TeachingRecordsTest {
  private static final String TURNS =
      "\"conversations\": [{\"from\": \"human\", \"value\": \"%sWhat?\"},"
          + " {\"from\": \"gpt\", \"value\": \"That.\"}]";

  @TempDir Path folder;

  /** Of three records, two with a picture. */
  private long idle(int stage, String... overrides) throws IOException {
    String pictured = "{\"image\": \"a.png\", " + TURNS.formatted("<image>") + "}";
    Path file = folder.resolve("records.json");
    Files.writeString(file, "[" + pictured + ", {" + TURNS.formatted("") + "}, " + pictured + "]");
    Recipe recipe = RecipeReader.bind(RecipeReader.resolve("nano-scratch", List.of(overrides)));
    try (LlavaJson records = LlavaJson.open(file, folder)) {
      return TeachingRecords.idle(recipe, stage, records);
    }
  }

  @Test
  void textAloneTeachesATrainedLanguageModelOnly() throws IOException {
    assertThat(idle(2)).isZero();
    assertThat(idle(2, "model.language.trainable=false")).isEqualTo(1);
    assertThat(idle(2, "language_weight=0")).isEqualTo(1);
  }

  @Test
  void anAdapterLearnsFromTextInTheSecondStage() throws IOException {
    String[] adapted = {"model.language.trainable=false", "model.language.lora.rank=2"};
    assertThat(idle(1, adapted)).isEqualTo(1);
    assertThat(idle(2, adapted)).isZero();
  }
}
