/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A folder with a tokenizer.model alone; the golden case "tokenization" compares its ids with those
 * of sentencepiece.
 */
class SentencePieceTokenizerTest {
  private static final Path MODEL =
      Path.of("src/test/resources/golden/tokenization/small_sp/tokenizer.model");
  private static final long SIZE = 1400;

  @TempDir Path folder;

  @BeforeEach
  void copyModel() throws IOException {
    Files.copy(MODEL, folder.resolve("tokenizer.model"));
  }

  private void write(String file, String json) throws IOException {
    Files.writeString(folder.resolve(file), json);
  }

  @Test
  void whereNothingElseIsToldItIsLlamas() {
    try (Tokenizer tokenizer = Tokenizer.open(folder)) {
      assertThat(tokenizer.size()).isEqualTo(SIZE);
      assertThat(tokenizer.beginning()).hasValue(1);
      assertThat(tokenizer.encode("a", true)).containsExactly(1, 396);
      // Legacy: the stretch after a special token begins with a space too.
      assertThat(tokenizer.encode("a</s>a", false)).containsExactly(396, 2, 396);
      assertThat(tokenizer.decode(new long[] {1, 396, 2}, true)).isEqualTo("a");
    }
  }

  @Test
  void settingsAreThoseOfTheFolder() throws IOException {
    write(
        "tokenizer_config.json",
        "{\"legacy\": false, \"add_bos_token\": false, \"bos_token\": {\"content\": \"<s>\"}}");
    try (Tokenizer tokenizer = Tokenizer.open(folder)) {
      assertThat(tokenizer.beginning()).isEmpty();
      assertThat(tokenizer.encode("a", true)).containsExactly(396);
      assertThat(tokenizer.decode(tokenizer.encode("a</s>a", false), false)).isEqualTo("a</s>a");
      assertThat(tokenizer.encode("a</s>a", false)[2]).isNotEqualTo(396);
    }
    write("tokenizer_config.json", "{\"legacy\": false, \"add_prefix_space\": false}");
    try (Tokenizer tokenizer = Tokenizer.open(folder)) {
      assertThat(tokenizer.encode("a", false)).hasSize(1).doesNotContain(396);
      assertThat(tokenizer.decode(tokenizer.encode(" a", false), false)).isEqualTo(" a");
    }
  }

  @Test
  void addedTokensComeFromAllFiles() throws IOException {
    write("added_tokens.json", "{\"<image>\": 1401, \"<pad>\": 1400}");
    write(
        "special_tokens_map.json",
        "{\"pad_token\": \"<pad>\", \"additional_special_tokens\": [\"<more>\"]}");
    write(
        "tokenizer_config.json",
        "{\"added_tokens_decoder\": {\"1401\": {\"content\": \"<image>\", \"special\": true,"
            + " \"lstrip\": false, \"rstrip\": true}}}");
    try (Tokenizer tokenizer = Tokenizer.open(folder)) {
      assertThat(tokenizer.id("<pad>")).isEqualTo(1400);
      assertThat(tokenizer.encode("<image>   <more>", false)).containsExactly(1401, 1402);
      assertThat(tokenizer.decode(new long[] {1400, 1401, 1402}, true)).isEmpty();
      assertThatThrownBy(() -> tokenizer.checkFits((int) SIZE))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("only " + SIZE + " embedding rows");
    }
  }

  @Test
  @BadInput(
      number = 32,
      value = "an added token whose id is out of range",
      then = "an error with token and id")
  void addedTokensOutOfRange() throws IOException {
    write("added_tokens.json", "{\"<image>\": 32000}");
    assertThatThrownBy(() -> Tokenizer.open(folder))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith(
            folder.resolve("tokenizer.model")
                + ": added token '<image>' has id 32000, which is out of range: it has to be 1400");
    write("added_tokens.json", "{\"<image>\": \"one\"}");
    assertThatThrownBy(() -> Tokenizer.open(folder))
        .isInstanceOf(DsVlmException.class)
        .hasMessageEndingWith("added_tokens.json: '<image>' has id \"one\", which is no token's");
  }

  @Test
  void brokenFilesBesideItAreNamed() throws IOException {
    write("tokenizer_config.json", "{\"legacy\": 1}");
    assertThatThrownBy(() -> Tokenizer.open(folder))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("tokenizer_config.json: 'legacy' is 1, not true or false");
    write("tokenizer_config.json", "{\"added_tokens_decoder\": {\"x\": {\"content\": \"y\"}}}");
    assertThatThrownBy(() -> Tokenizer.open(folder))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("'added_tokens_decoder.x' is no token with its id");
    write("tokenizer_config.json", "{\"bos_token\": 5}");
    assertThatThrownBy(() -> Tokenizer.open(folder))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("'bos_token' holds 5, which is no token");
  }

  @Test
  void tokenizerJsonGoesFirst() throws IOException {
    write("tokenizer.json", "no JSON");
    assertThatThrownBy(() -> Tokenizer.open(folder))
        .hasMessageContaining("tokenizer.json: broken JSON");
    try (Tokenizer tokenizer = Tokenizer.open(folder.resolve("tokenizer.model"))) {
      assertThat(tokenizer.size()).isEqualTo(SIZE);
    }
  }

  /** The export's file for it is read the same. */
  @Test
  void asTokenizerJsonItGivesTheSameIds() throws IOException {
    write("tokenizer_config.json", "{\"tokenizer_class\": \"LlamaTokenizer\", \"legacy\": false}");
    Path exported = Files.createDirectory(folder.resolve("exported"));
    Files.writeString(exported.resolve("tokenizer.json"), TokenizerSource.json(folder).toString());
    String text = "  USER: hi\n▁there 🐈</s>USER: <s> bye";
    try (Tokenizer tokenizer = Tokenizer.open(folder);
        Tokenizer again = Tokenizer.open(exported)) {
      assertThat(again.encode(text, true)).containsExactly(tokenizer.encode(text, true));
      assertThat(again.beginning()).isEqualTo(tokenizer.beginning());
    }
  }
}
