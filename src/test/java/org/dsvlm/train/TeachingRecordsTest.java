/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.dsvlm.BadInput;
import org.dsvlm.data.LlavaJson;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.recipe.RecipeReader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class TeachingRecordsTest {
  private static final String RECORD =
      "{\"id\": \"%s\"%s, \"conversations\": [{\"from\": \"human\", \"value\": \"%sWhat?\"},"
          + " {\"from\": \"gpt\", \"value\": \"A cat.\"}]}";

  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void write() throws IOException {
    String pictured = RECORD.formatted("a", ", \"image\": \"a.png\"", "<image>");
    String text = RECORD.formatted("b", "", "");
    file = folder.resolve("data.json");
    Files.writeString(file, "[" + pictured + "," + text + "," + pictured + "]");
  }

  private static Recipe recipe(String... overrides) {
    return RecipeReader.bind(RecipeReader.resolve("nano-scratch", List.of(overrides)));
  }

  private long idle(Recipe recipe) {
    try (LlavaJson records = LlavaJson.open(file, folder)) {
      return TeachingRecords.idle(recipe, 2, records);
    }
  }

  @Test
  @BadInput(
      number = 52,
      value = "records of text alone where no loss of theirs trains anything",
      then = "accepted; a line at the stage's start says how many there are, and why")
  void textAloneTeachesWhatReadsIt() {
    assertThat(idle(recipe())).isZero();
    assertThat(idle(recipe("model.language.trainable=false"))).isEqualTo(1);
    assertThat(idle(recipe("language_weight=0"))).isEqualTo(1);
    assertThat(idle(recipe("model.language.trainable=false", "model.language.lora.rank=2")))
        .isZero();
  }

  @Test
  void theLogSaysHowManyAndWhy() {
    assertThat(said(recipe())).isEmpty();
    assertThat(said(recipe("model.language.trainable=false")))
        .containsExactly(
            "stage 2: 1 of 3 records can teach nothing, and a step of such records alone changes no"
                + " parameter: they are text alone, and neither the language model nor an adapter"
                + " of it is trained (model.language.trainable, model.language.lora.rank)");
    assertThat(said(recipe("language_weight=0")))
        .singleElement()
        .asString()
        .endsWith("they are text alone, and the weight of the language loss is 0");
  }

  private List<String> said(Recipe recipe) {
    Logger log = (Logger) LoggerFactory.getLogger(TeachingRecords.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    log.addAppender(lines);
    try (LlavaJson records = LlavaJson.open(file, folder)) {
      TeachingRecords.say(recipe, 2, records);
    } finally {
      log.detachAppender(lines);
    }
    return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }
}
