/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordLabelsTest {
  @TempDir private Path folder;

  private LlavaJson open(String records) throws IOException {
    Path file = Files.writeString(folder.resolve("records.json"), records);
    return LlavaJson.open(file, folder);
  }

  @Test
  void labelsAreTextsAndNumbers() throws IOException {
    try (LlavaJson records =
        open("[{\"id\": 1, \"labels\": {\"colour\": \"red\", \"count\": 3}}, {\"id\": 2}]")) {
      assertThat(records.labels(0)).containsExactly(entry("colour", "red"), entry("count", "3"));
      assertThat(records.labels(1)).isEmpty();
    }
  }

  @Test
  void otherLabelsAreRefused() throws IOException {
    try (LlavaJson records =
        open("[{\"id\": 1, \"labels\": [\"red\"]}, {\"id\": 2, \"labels\": {\"at\": [1, 2]}}]")) {
      assertThatThrownBy(() -> records.labels(0))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("record 0")
          .hasMessageContaining("'labels' is [\"red\"]");
      assertThatThrownBy(() -> records.labels(1))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("the label 'at' is no text or number");
    }
  }
}
