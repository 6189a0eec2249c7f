/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import org.dsvlm.io.Sha256;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordIndexTest {
  @TempDir Path folder;

  @Test
  void findsPlaceLengthWordsAndPictures() throws Exception {
    String[] records = {
      "{\"id\": 1, \"image\": \"a.png\", \"conversations\": [{\"from\": \"human\", \"value\":"
          + " \"<image>\\nWhat is it?\"}, {\"value\": \"A \\u00e9t\\u00e9.\", \"from\": \"gpt\"}]}",
      "{\"conversations\": [{\"value\": \"two words\", \"more\": {\"value\": \"not a turn\"}}]}",
      "{\"image\": null, \"conversations\": {\"value\": \"no list\"}, \"other\": [[1], {}]}",
      "{\"conversations\": [[\"value\"], 7, {\"value\": [\"no text\"]}]}",
      "17",
      "[{\"image\": \"inside a list\"}]",
    };
    byte[] json = ("[\n" + String.join(" ,\t", records) + "\n]").getBytes("UTF-8");
    Path file = Files.write(folder.resolve("data.json"), json);
    RecordIndex index = RecordIndex.of(file);
    assertThat(index.size()).isEqualTo(records.length);
    for (int i = 0; i < records.length; i++) {
      assertThat(new String(json, (int) index.begins()[i], index.lengths()[i], "UTF-8"))
          .isEqualTo(records[i]);
    }
    assertThat(index.words()).containsExactly(6, -2, 1, -1, -1, -1);
    assertThat(index.sha256())
        .isEqualTo(MessageDigest.getInstance("SHA-256").digest(json))
        .isEqualTo(Sha256.of(file));
  }

  /** More than the parser's own limit of twenty million characters. */
  @Test
  void aVeryLongTextDoesNotEndTheScan() throws IOException {
    Path file = folder.resolve("long.json");
    Files.writeString(
        file, "[{\"conversations\": [{\"value\": \"" + "ab ".repeat(8_000_000) + "\"}]}, 2]");
    assertThat(RecordIndex.of(file).words()).containsExactly(-8_000_000, -1);
  }
}
