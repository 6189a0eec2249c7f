/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.dsvlm.text.Tokenizer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFilesTest {
  private static final Path MODEL =
      Path.of("src/test/resources/golden/tokenization/small_sp/tokenizer.model");

  @TempDir Path folder;

  /** The folder has what Vicuna's has; the export's tokenizer.json is made from it. */
  @Test
  void aTokenizerModelIsExportedAsTokenizerJson() throws IOException {
    Files.copy(MODEL, folder.resolve("tokenizer.model"));
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"tokenizer_class\": \"LlamaTokenizer\", \"legacy\": false, \"bos_token\": \"<s>\","
            + " \"eos_token\": {\"content\": \"</s>\"}}");
    Files.writeString(folder.resolve("preprocessor_config.json"), "{}");
    ModelFiles files = ModelFiles.read(folder);
    assertThat(files.id("</s>")).isEqualTo(2);
    assertThat(files.nextId()).isEqualTo(1400);
    Path exported = Files.createDirectory(folder.resolve("exported"));
    Files.writeString(exported.resolve("tokenizer.json"), files.tokenizer().toString());
    try (Tokenizer own = Tokenizer.open(folder);
        Tokenizer again = Tokenizer.open(exported)) {
      String text = " USER: 🐈\n▁hi</s>USER:";
      assertThat(again.encode(text, true)).containsExactly(own.encode(text, true));
    }
  }
}
