/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.Properties;
import java.util.function.Consumer;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.testing.Closed;
import org.dsvlm.testing.Closes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {
  private static final Path TOKENIZERS = Path.of("src/test/resources/golden/tokenization");
  private static final Path BYTES = TOKENIZERS.resolve("small_qwen2");
  private static final Path SENTENCEPIECE = TOKENIZERS.resolve("small_sp");

  @TempDir Path folder;

  /** The Qwen2-like tokenizer with something changed. */
  private Path changed(Consumer<ObjectNode> change) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode json = (ObjectNode) mapper.readTree(BYTES.resolve("tokenizer.json").toFile());
    change.accept(json);
    Path file = folder.resolve("tokenizer.json");
    mapper.writeValue(file.toFile(), json);
    return file;
  }

  private static ArrayNode merges(ObjectNode json) {
    return (ArrayNode) json.get("model").get("merges");
  }

  @Test
  void namesItsTokens() {
    try (Tokenizer tokenizer = Tokenizer.open(BYTES)) {
      assertThat(tokenizer.id("<|im_end|>")).isEqualTo(tokenizer.encode("<|im_end|>", false)[0]);
      assertThat(tokenizer.size()).isGreaterThan(tokenizer.id("<|im_end|>"));
      assertThat(tokenizer.beginning()).isEmpty();
      assertThatThrownBy(() -> tokenizer.id("<nothing>"))
          .hasMessageEndingWith("tokenizer.json: has no token '<nothing>'");
    }
    try (Tokenizer tokenizer = Tokenizer.open(SENTENCEPIECE)) {
      assertThat(tokenizer.beginning()).hasValue(tokenizer.id("<s>"));
      assertThat(tokenizer.encode("a", true)).startsWith(tokenizer.id("<s>"));
    }
  }

  @Test
  void leavesThePropertiesOfTheProcessAsTheyAre() {
    String key = "ai.djl.offline";
    // JNA, by which DJL looks for CUDA, notes in properties of its own where its library lies.
    Tokenizer.open(BYTES).close();
    Properties before = (Properties) System.getProperties().clone();
    Tokenizer.open(BYTES).close();
    assertThat(System.getProperties()).isEqualTo(before).doesNotContainKey(key);
    System.setProperty(key, "false");
    try {
      Tokenizer.open(BYTES).close();
      assertThat(System.getProperty(key)).isEqualTo("false");
    } finally {
      System.clearProperty(key);
    }
  }

  @Test
  void cutsNothing() {
    try (Tokenizer tokenizer = Tokenizer.open(BYTES)) {
      assertThat(tokenizer.encode("word ".repeat(3000), false)).hasSizeGreaterThan(3000);
    }
  }

  @Test
  @BadInput(
      number = 31,
      value = "broken merges in tokenizer.json",
      then = "an error with the number of the merge")
  void brokenMerges() throws IOException {
    Path one = changed(json -> merges(json).insert(3, "single"));
    assertThatThrownBy(() -> Tokenizer.open(one))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith(one + ": has a broken merge number 3, 'single': not two pieces");
    Path unknown = changed(json -> merges(json).insert(5, "zz qq"));
    assertThatThrownBy(() -> Tokenizer.open(unknown))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith(
            unknown + ": has a broken merge number 5, 'zz qq': 'zz' is not in its vocabulary");
    Path number = changed(json -> merges(json).insert(0, 7));
    assertThatThrownBy(() -> Tokenizer.open(number))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("broken merge number 0: neither text nor a pair");
    Path pair = changed(json -> merges(json).insertArray(1).add("a"));
    assertThatThrownBy(() -> Tokenizer.open(pair))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("broken merge number 1: not two pieces");
  }

  @Test
  @BadInput(
      number = 32,
      value = "an added token whose id is out of range",
      then = "an error with token and id")
  void addedTokensOutOfRange() throws IOException {
    Path gap =
        changed(
            json ->
                ((ArrayNode) json.get("added_tokens"))
                    .addObject()
                    .put("id", 99999)
                    .put("content", "<image>")
                    .put("special", true));
    assertThatThrownBy(() -> Tokenizer.open(gap))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith(
            gap + ": added token '<image>' has id 99999, which is out of range");
    try (Tokenizer tokenizer = Tokenizer.open(BYTES)) {
      int rows = (int) tokenizer.size();
      tokenizer.checkFits(rows);
      assertThatThrownBy(() -> tokenizer.checkFits(rows - 1))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("added token '<|im_end|>' has id " + (rows - 1))
          .hasMessageContaining("only " + (rows - 1) + " embedding rows");
      assertThatThrownBy(() -> tokenizer.checkFits(100)).isInstanceOf(DsVlmException.class);
    }
  }

  /** Values on which the library would end the process. */
  @Test
  void stepsThatTheLibraryCannotTakeAreRefused() throws IOException {
    refused(
        json -> json.putObject("decoder").put("type", "Strip").put("content", " ").put("stop", 9),
        "'decoder' strips the end of tokens");
    refused(
        json -> json.putObject("normalizer").put("type", "Precompiled"),
        "'normalizer' has a step of type 'Precompiled'; known: [Lowercase, NFC,");
    refused(
        json -> {
          ObjectNode template = json.putObject("post_processor");
          template.put("type", "TemplateProcessing").putObject("special_tokens");
          template.putArray("single").addObject().putObject("SpecialToken").put("id", "<s>");
        },
        "'post_processor' puts '<s>' around a text, but does not list it");
    refused(
        json -> ((ObjectNode) json.get("model")).put("unk_token", "<none>"),
        "has '<none>' for the unknown, which is not in its vocabulary");
    refused(
        json -> ((ObjectNode) json.get("model")).put("type", "Unigram"),
        "is a tokenizer of type Unigram");
    refused(
        json -> ((ObjectNode) json.get("model")).put("continuing_subword_prefix", "##"),
        "asks for 'continuing_subword_prefix', which is not supported");
    refused(
        json -> ((ObjectNode) json.get("model").get("vocab")).put("zzz", 5),
        "gives two tokens of its vocabulary the same id");
    refused(
        json -> ((ObjectNode) json.get("model").get("vocab")).put("zzz", 1L << 30),
        "gives token 'zzz' the id 1073741824");
  }

  @Test
  @BadInput(
      number = 31,
      value = "a step of tokenizer.json with a field that is unknown or has a senseless value",
      then = "an error that names step and field")
  void unknownFieldsOfAStep() throws IOException {
    refused(
        json -> ((ObjectNode) json.get("decoder")).put("prefix_space", true),
        "'decoder' has 'prefix_space' of its step ByteLevel, which is not known");
    refused(
        json -> ((ObjectNode) json.get("decoder")).put("trim_offsets", 1e300),
        "'decoder' has 'trim_offsets' of its step ByteLevel, which is not true or false");
    refused(
        json -> {
          ObjectNode strip = json.putObject("decoder").put("type", "Strip");
          strip.put("content", " ").put("start", -1).put("stop", 0);
        },
        "'decoder' has 'start' of its step Strip, which is not a small number");
    refused(
        json -> {
          ObjectNode replace = json.putObject("decoder").put("type", "Replace").put("content", "");
          replace.putObject("pattern").put("Literal", "a");
        },
        "'decoder' has 'pattern' of its step Replace, which is not one 'String' or 'Regex'");
  }

  /** Jackson reads such a text, but the library would end the process. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"decoder\": {\"\\ud800\": 1}}",
        "{\"decoder\": {\"type\": \"a\\udc00\"}}",
        "{\"model\": {\"vocab\": {\"\\udc00\\ud800\": 0}}}",
        "{\"other\": [\"\\ud83d\\ude00 \\ud83d\"]}"
      })
  @BadInput(
      number = 31,
      value = "half a surrogate pair in tokenizer.json",
      then = "an error with line and column")
  void halfASurrogatePairInTheFile(String json) throws IOException {
    Path file = Files.writeString(folder.resolve("tokenizer.json"), json);
    assertThatThrownBy(() -> Tokenizer.open(file))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageContainingAll("surrogate", " at line 1, column ");
  }

  private void refused(Consumer<ObjectNode> change, String problem) throws IOException {
    Path file = changed(change);
    assertThatThrownBy(() -> Tokenizer.open(file))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith(file + ": " + problem);
  }

  @Test
  void aTextOfManyMegabytesIsRefused() {
    try (Tokenizer tokenizer = Tokenizer.open(BYTES)) {
      assertThatThrownBy(() -> tokenizer.encode(" ".repeat(4_000_001), false))
          .isInstanceOf(DsVlmException.class)
          .hasMessageStartingWith("a text of 4000001 characters; at most 4000000 can be split");
    }
  }

  @Test
  void whatIsNoTokenizerIsNamed() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    assertThatThrownBy(() -> Tokenizer.open(empty))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith(empty + ": holds neither tokenizer.json nor tokenizer.model");
    Path file = folder.resolve("tokenizer.json");
    assertThatThrownBy(() -> Tokenizer.open(file)).hasMessageStartingWith(file + ": no such file");
    Files.writeString(file, "{\"model\": \n {");
    assertThatThrownBy(() -> Tokenizer.open(folder))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith(file + ": broken JSON at line 2");
    Files.writeString(file, "{\"model\": {}}");
    assertThatThrownBy(() -> Tokenizer.open(file))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith(file + ": is no tokenizer: ");
    Files.writeString(file, "{\"version\": \"1\", \"version\": \"2\"}");
    assertThatThrownBy(() -> Tokenizer.open(file))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("Duplicate field 'version'");
    Files.writeString(file, "{\"version\": \"1\"} {}");
    assertThatThrownBy(() -> Tokenizer.open(file))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith(file + ": has something behind its JSON object");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nul \0 inside",
        "שלום עולם مرحبا",
        "🐈 family 👨‍👩‍👧 flag 🇨🇭",
        "e\u0301 ﬁ \u200f"
      })
  @BadInput(
      number = 33,
      value = "NUL, right-to-left text, emoji, combining marks in a prompt",
      then = "accepted; decoding gives the text back")
  void unusualTextComesBackWhole(String text) {
    for (Path path : new Path[] {BYTES, SENTENCEPIECE}) {
      try (Tokenizer tokenizer = Tokenizer.open(path)) {
        String expected =
            path.equals(BYTES) ? Normalizer.normalize(text, Normalizer.Form.NFC) : text;
        assertThat(tokenizer.decode(tokenizer.encode(text, false), true)).isEqualTo(expected);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"\uD83D", "\uDC08 first", "half \uD83D then 🐈"})
  @BadInput(
      number = 33,
      value = "half a surrogate pair in a prompt",
      then = "accepted; U+FFFD takes its place")
  void halfASurrogatePairIsReplaced(String text) {
    try (Tokenizer tokenizer = Tokenizer.open(BYTES)) {
      assertThat(tokenizer.decode(tokenizer.encode(text, false), true))
          .isEqualTo(text.replaceAll("\uD83D(?!\uDC08)|(?<!\uD83D)\uDC08", "\uFFFD"));
    }
  }

  @Test
  @BadInput(
      number = 33,
      value = "a prompt of 1 MB",
      then = "accepted; decoding gives the text back")
  void aMegabytePrompt() {
    String words = "The quick brown fox. ".repeat(50_000);
    String oneWord = "a".repeat(1_000_000);
    for (Path path : new Path[] {BYTES, SENTENCEPIECE}) {
      try (Tokenizer tokenizer = Tokenizer.open(path)) {
        assertThat(tokenizer.decode(tokenizer.encode(words, false), true)).isEqualTo(words);
        assertThat(tokenizer.decode(tokenizer.encode(oneWord, false), true)).isEqualTo(oneWord);
      }
    }
  }

  /** The two classes of the reported folders; transformers 5.17 gives [1, …] for both. */
  @ParameterizedTest
  @ValueSource(strings = {"PreTrainedTokenizerFast", "TokenizersBackend", "LlamaTokenizerFast"})
  void thePostProcessorSaysTheBeginningWhereTheSettingsDoNot(String type) throws IOException {
    Files.copy(SENTENCEPIECE.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
    Path settings = folder.resolve("tokenizer_config.json");
    Files.writeString(settings, "{\"tokenizer_class\": \"" + type + "\", \"bos_token\": \"<s>\"}");
    try (Tokenizer tokenizer = Tokenizer.open(folder)) {
      assertThat(tokenizer.beginning()).hasValue(1);
    }
    Files.writeString(settings, "{\"bos_token\": \"<s>\", \"add_bos_token\": false}");
    try (Tokenizer tokenizer = Tokenizer.open(folder)) {
      assertThat(tokenizer.beginning()).isEmpty();
    }
  }

  /** As the transformers library adds them: 1400 is the first id after small_sp's vocabulary. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "tokenizer_config.json|{'added_tokens_decoder': {'1400': {'content': '<x>', 'special':"
            + " true}}}",
        "added_tokens.json|{'<x>': 1400}",
        "tokenizer_config.json|{'additional_special_tokens': ['<x>']}",
        "tokenizer_config.json|{'extra_special_tokens': {'x_token': '<x>'}}",
        "special_tokens_map.json|{'additional_special_tokens': [{'content': '<x>'}]}"
      })
  void tokensToldBesideTheFileAreAdded(String file, String json) throws IOException {
    Files.copy(SENTENCEPIECE.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
    Files.writeString(folder.resolve(file), json.replace('\'', '"'));
    try (Tokenizer tokenizer = Tokenizer.open(folder)) {
      assertThat(tokenizer.id("<x>")).isEqualTo(1400);
      assertThat(tokenizer.encode("<x>", false)).containsExactly(1400);
      assertThat(tokenizer.size()).isEqualTo(1401);
    }
    assertThat(TokenizerSource.json(folder).path("added_tokens").findValuesAsText("content"))
        .contains("<x>");
  }

  @Test
  @BadInput(
      number = 32,
      value = "a token beside tokenizer.json whose id leaves a gap",
      then = "an error that names file, key and both ids")
  void aTokenBesideTheFileThatLeavesAGap() throws IOException {
    Files.copy(SENTENCEPIECE.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
    Path told = folder.resolve("added_tokens.json");
    Files.writeString(told, "{\"<x>\": 1500}");
    assertThatThrownBy(() -> Tokenizer.open(folder))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith(
            told + ": '<x>' gives '<x>' the id 1500, but beside tokenizer.json it gets 1400");
  }

  @Test
  @Closes(Tokenizer.class)
  void aClosedTokenizerSaysSo() {
    Tokenizer tokenizer = Tokenizer.open(BYTES);
    long[] ids = tokenizer.encode("a", false);
    Closed.saysSo(
        tokenizer, () -> tokenizer.encode("a", false), () -> tokenizer.decode(ids, false));
  }
}
