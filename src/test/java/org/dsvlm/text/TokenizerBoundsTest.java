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
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.dsvlm.BadInput;
import org.dsvlm.io.BoundedRegex;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokenizer files that would end the process, or never end. */
class TokenizerBoundsTest {
  private static final Path BYTES = Path.of("src/test/resources/golden/tokenization/small_qwen2");
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir Path folder;

  private Path changed(Consumer<ObjectNode> change) throws IOException {
    ObjectNode json = (ObjectNode) MAPPER.readTree(BYTES.resolve("tokenizer.json").toFile());
    change.accept(json);
    Path file = folder.resolve("tokenizer.json");
    MAPPER.writeValue(file.toFile(), json);
    return file;
  }

  private void refused(Consumer<ObjectNode> change, String problem) throws IOException {
    Path file = changed(change);
    assertThatThrownBy(() -> Tokenizer.open(file))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith(file + ": " + problem);
  }

  private static ObjectNode split(String regex, String behavior) {
    ObjectNode split = MAPPER.createObjectNode().put("type", "Split");
    split.putObject("pattern").put("Regex", regex);
    return split.put("behavior", behavior).put("invert", false);
  }

  private static ObjectNode replace(String kind, String pattern, String content) {
    ObjectNode replace = MAPPER.createObjectNode().put("type", "Replace").put("content", content);
    replace.putObject("pattern").put(kind, pattern);
    return replace;
  }

  private static ObjectNode sequence(String key, ObjectNode... steps) {
    ObjectNode sequence = MAPPER.createObjectNode().put("type", "Sequence");
    ArrayNode list = sequence.putArray(key);
    for (ObjectNode step : steps) {
      list.add(step);
    }
    return sequence;
  }

  private static ObjectNode bytes() {
    return MAPPER
        .createObjectNode()
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", false)
        .put("use_regex", false);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*\\d",
        "(a+)+!|b",
        "(?:a|a|a)*b",
        "a*a*a*a*a*a*(?!a)b"
      })
  @BadInput(
      number = 79,
      value = "a tokenizer.json whose regular expression takes too many steps on a text",
      then = "an error with the expression; the steps are bounded by the text's length")
  void anExpressionThatBacktracks(String regex) throws IOException {
    Path file =
        changed(
            json ->
                json.set(
                    "pre_tokenizer", sequence("pretokenizers", split(regex, "Isolated"), bytes())));
    try (Tokenizer tokenizer = Tokenizer.open(file)) {
      assertThat(tokenizer.encode("aab 12", false)).isNotEmpty();
      assertThatThrownBy(() -> tokenizer.encode("a".repeat(20_000), false))
          .isInstanceOf(DsVlmException.class)
          .hasMessageStartingWith(file + ": cannot split a text: the regular expression '" + regex)
          .hasMessageContaining("on a text of 20000 characters");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"^", "a*", "(?=a)", "(?!a)", "$", "\\b", "", "(a*)*b", "x+"})
  @BadInput(
      number = 79,
      value = "a tokenizer.json that replaces by a regular expression that can match nothing",
      then = "an error that names the part and the expression")
  void aReplacementByAnExpression(String regex) throws IOException {
    refused(
        json -> json.set("normalizer", replace("Regex", regex, "x")),
        "'normalizer' replaces by the pattern '"
            + regex
            + "', which can take for ever; known are [ {2,}, \\s+]");
    refused(
        json -> json.set("decoder", replace("Regex", regex, "x")),
        "'decoder' replaces by the pattern '" + regex);
  }

  @Test
  @BadInput(
      number = 79,
      value = "a tokenizer.json whose steps make millions of characters of one",
      then = "an error that names the part; what is left is bounded by the text's length")
  void replacementsThatGrow() throws IOException {
    String hundred = "a".repeat(100);
    ObjectNode[] six = new ObjectNode[6];
    for (int i = 0; i < 6; i++) {
      six[i] = replace("String", "a", hundred);
    }
    String problem = " can make more than 1000 characters of one";
    refused(json -> json.set("normalizer", sequence("normalizers", six)), "'normalizer'" + problem);
    refused(json -> json.set("decoder", sequence("decoders", six)), "'decoder'" + problem);
    refused(
        json ->
            json.set(
                "normalizer",
                sequence(
                    "normalizers",
                    replace("Regex", "\\s+", " ".repeat(50)),
                    replace("String", " ", " ".repeat(50)))),
        "'normalizer'" + problem);
    ObjectNode kd = MAPPER.createObjectNode().put("type", "NFKD");
    ObjectNode back = replace("String", " ", "\ufdfa");
    refused(
        json -> json.set("normalizer", sequence("normalizers", kd, back, kd, back, kd, back, kd)),
        "'normalizer'" + problem);
    ObjectNode prepend =
        MAPPER.createObjectNode().put("type", "Prepend").put("prepend", "b".repeat(2000));
    refused(json -> json.set("normalizer", prepend), "'normalizer'" + problem);
    ObjectNode[] forty = new ObjectNode[40];
    Arrays.fill(forty, bytes());
    refused(
        json -> json.set("pre_tokenizer", sequence("pretokenizers", forty)),
        "'pre_tokenizer' has 40 steps; at most 32");
    refused(
        json -> json.set("pre_tokenizer", sequence("pretokenizers", bytes(), bytes())),
        "'pre_tokenizer' spells bytes 2 times");
  }

  @Test
  void whatGrowsALittleIsBoundedByTheText() throws IOException {
    Path file = changed(json -> json.set("normalizer", replace("String", "a", "b".repeat(1000))));
    try (Tokenizer tokenizer = Tokenizer.open(file)) {
      assertThat(tokenizer.decode(tokenizer.encode("a", false), false)).isEqualTo("b".repeat(1000));
      assertThatThrownBy(() -> tokenizer.encode("a".repeat(5000), false))
          .isInstanceOf(DsVlmException.class)
          .hasMessage(
              "a text of 5000 characters, which the tokenizer may make 5000000; at most 4000000 can"
                  + " be split into tokens at a time");
    }
    Path decoding = changed(json -> json.set("decoder", replace("String", "a", "b".repeat(1000))));
    try (Tokenizer tokenizer = Tokenizer.open(decoding)) {
      assertThat(tokenizer.decode(tokenizer.encode("a", false), false)).hasSize(1000);
      assertThatThrownBy(() -> tokenizer.decode(new long[1 << 20], false))
          .isInstanceOf(DsVlmException.class)
          .hasMessageStartingWith(decoding + ": 1048576 tokens may become ");
    }
  }

  @Test
  void aTemplateThatRepeats() throws IOException {
    refused(
        json -> {
          ObjectNode template = json.putObject("post_processor").put("type", "TemplateProcessing");
          for (int i = 0; i < 3; i++) {
            template.withArray("single").addObject().putObject("Sequence").put("id", "A");
          }
        },
        "'post_processor' repeats a text");
    refused(
        json -> {
          ObjectNode template = json.putObject("post_processor").put("type", "TemplateProcessing");
          ObjectNode token = template.putObject("special_tokens").putObject("x");
          for (int i = 0; i < 100; i++) {
            token.withArray("ids").add(0);
            token.withArray("tokens").add("x");
            template.withArray("single").addObject().putObject("SpecialToken").put("id", "x");
          }
        },
        "'post_processor' puts 10000 tokens around a text");
  }

  static Stream<String> published() {
    return PublishedPatterns.splits().stream();
  }

  /** The library's engine gives up at ten million; texts have up to four million characters. */
  @ParameterizedTest
  @MethodSource("published")
  void publishedExpressionsTakeFewStepsForEachCharacter(String regex) {
    for (String unit :
        new String[] {
          "a", "A", "Ab", " ", "\n", " \n", "1", "ー", "é\u0301", "'", "'s", "!", "!/"
        }) {
      for (String end : new String[] {"", "x", " ", "\n", "9"}) {
        String text = unit.repeat(20_000) + end;
        BoundedRegex.Search search =
            BoundedRegex.compile(regex, BoundedRegex.Dialect.ONIGURUMA).on(text);
        int from = 0;
        for (int[] found = search.find(0); found != null; found = search.find(from)) {
          from = found[1];
        }
        assertThat(search.steps())
            .as("%s on %s…%s", regex, unit, end)
            .isLessThan(40L * text.length());
      }
    }
  }

  /** The same expression within a group is none of the published ones. */
  @ParameterizedTest
  @CsvSource({"Isolated", "Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous"})
  void ownExpressionsGiveTheLibrarysIds(String behavior) throws IOException {
    String published =
        MAPPER.readTree(BYTES.resolve("tokenizer.json").toFile()).findValue("Regex").asText();
    assertThat(PublishedPatterns.splits(published)).isTrue();
    String[] texts = {
      "Hello world, it's 12345!",
      "  two \n\n lines\t",
      "🐈 世界 é e\u0301",
      "x'll don't\r\n  end ",
      "<|im_start|>user\nHi<|im_end|>\n<|endoftext|>",
      "",
      " ",
      "a<|im_end|>",
      "\ud83d half"
    };
    for (String regex : new String[] {published, "\\s+", "\\p{N}"}) {
      Consumer<ObjectNode> byLibrary =
          json ->
              json.set("pre_tokenizer", sequence("pretokenizers", split(regex, behavior), bytes()));
      long[][] expected = new long[2 * texts.length][];
      try (Tokenizer tokenizer = Tokenizer.open(changed(byLibrary))) {
        for (int i = 0; i < expected.length; i++) {
          expected[i] = tokenizer.encode(texts[i / 2], i % 2 == 0);
        }
      }
      Consumer<ObjectNode> here =
          json ->
              json.set(
                  "pre_tokenizer",
                  sequence("pretokenizers", split("(?:" + regex + ")", behavior), bytes()));
      try (Tokenizer tokenizer = Tokenizer.open(changed(here))) {
        for (int i = 0; i < expected.length; i++) {
          assertThat(tokenizer.encode(texts[i / 2], i % 2 == 0))
              .as("'%s' by %s", texts[i / 2], regex)
              .containsExactly(expected[i]);
        }
      }
    }
  }

  @Test
  void ownExpressionsGoOnlyWithWhatIsDoneHere() throws IOException {
    ObjectNode own = sequence("pretokenizers", split("x+y", "Isolated"), bytes());
    String problem = "splits by a regular expression of its own together with ";
    refused(
        json -> {
          json.set("pre_tokenizer", own);
          json.putObject("normalizer").put("type", "Lowercase");
        },
        problem + "a normalizer of type Lowercase");
    refused(
        json -> {
          json.set("pre_tokenizer", own);
          ((ObjectNode) json.get("added_tokens").get(0)).put("lstrip", true);
        },
        problem + "an added token with lstrip, rstrip or single_word");
    refused(
        json ->
            json.set("pre_tokenizer", sequence("pretokenizers", bytes(), split("x+y", "Isolated"))),
        problem + "another step before it");
    Files.deleteIfExists(folder.resolve("tokenizer.json"));
  }
}
