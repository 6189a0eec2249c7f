/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.dsvlm.io.BoundedRegex;
import org.dsvlm.io.DsVlmException;
import org.jspecify.annotations.Nullable;

/**
 * The steps around the merges that a tokenizer.json names: those of the Llama family, with values
 * that make sense. The library is native code that ends the whole process where it meets a value
 * that it did not expect, so nothing else is handed to it.
 */
final class TokenizerParts {
  /** The kinds of values that a field of a step may hold. */
  private enum Field {
    FLAG("true or false", JsonNode::isBoolean),
    COUNT("a small number", value -> value.isInt() && value.intValue() >= 0),
    TEXT("a text", JsonNode::isTextual),
    CHARACTER(
        "one character", value -> value.isTextual() && value.textValue().codePoints().count() == 1),
    PATTERN("one 'String' or 'Regex'", Field::isPattern),
    LIST("a list", JsonNode::isArray),
    OBJECT("an object", JsonNode::isObject);

    private final String wanted;
    private final Predicate<JsonNode> fits;

    Field(String wanted, Predicate<JsonNode> fits) {
      this.wanted = wanted;
      this.fits = fits;
    }

    private static boolean isPattern(JsonNode value) {
      return value.size() == 1
          && (value.path("String").isTextual() || value.path("Regex").isTextual());
    }

    String wanted() {
      return wanted;
    }

    boolean fits(JsonNode value) {
      return fits.test(value);
    }
  }

  static final String SEQUENCE = "Sequence";

  /** The field that holds the steps of each kind of sequence. */
  private static final Map<String, String> STEPS =
      Map.of(
          "normalizer", "normalizers",
          "pre_tokenizer", "pretokenizers",
          "post_processor", "processors",
          "decoder", "decoders");

  private static final Map<String, Field> SPACES =
      Map.of(
          "replacement", Field.CHARACTER,
          "str_rep", Field.CHARACTER,
          "prepend_scheme", Field.TEXT,
          "add_prefix_space", Field.FLAG,
          "split", Field.FLAG);

  private static final Map<String, Field> BYTES =
      Map.of("add_prefix_space", Field.FLAG, "trim_offsets", Field.FLAG, "use_regex", Field.FLAG);

  private static final Map<String, Field> REPLACE =
      Map.of("pattern", Field.PATTERN, "content", Field.TEXT);

  /** The fields of each known step, by the part of the file and the step's type. */
  private static final Map<String, Map<String, Map<String, Field>>> KNOWN =
      Map.of(
          "normalizer",
          Map.of(
              "NFC", Map.of(),
              "NFD", Map.of(),
              "NFKC", Map.of(),
              "NFKD", Map.of(),
              "Lowercase", Map.of(),
              "Strip", Map.of("strip_left", Field.FLAG, "strip_right", Field.FLAG),
              "Prepend", Map.of("prepend", Field.TEXT),
              "Replace", REPLACE),
          "pre_tokenizer",
          Map.of(
              "ByteLevel",
              BYTES,
              "Metaspace",
              SPACES,
              "Split",
              Map.of("pattern", Field.PATTERN, "behavior", Field.TEXT, "invert", Field.FLAG),
              "Digits",
              Map.of("individual_digits", Field.FLAG)),
          "post_processor",
          Map.of(
              "ByteLevel",
              BYTES,
              "TemplateProcessing",
              Map.of("single", Field.LIST, "pair", Field.LIST, "special_tokens", Field.OBJECT)),
          "decoder",
          Map.of(
              "ByteLevel",
              BYTES,
              "ByteFallback",
              Map.of(),
              "Fuse",
              Map.of(),
              "Metaspace",
              SPACES,
              "Replace",
              REPLACE,
              "Strip",
              Map.of("content", Field.CHARACTER, "start", Field.COUNT, "stop", Field.COUNT)));

  /** The deepest that sequences are nested in one another. */
  private static final int DEPTH = 8;

  private static final int SHOWN = 100;

  private final String where;

  /** Complaints begin with {@code where}. */
  TokenizerParts(String where) {
    this.where = where;
  }

  /** The field that holds the steps of a sequence of {@code key}. */
  static String stepsKey(String key) {
    return STEPS.getOrDefault(key, "");
  }

  /** Whether {@code key} of tokenizer.json holds such steps. */
  static boolean isPart(String key) {
    return KNOWN.containsKey(key);
  }

  /**
   * Demands that {@code part}, found under {@code key}, is built of known steps.
   *
   * @throws DsVlmException naming the key and the step
   */
  void check(String key, JsonNode part) {
    if (!part.isNull()) {
      check(key, part, 0);
      checkWork(key, part);
    }
  }

  private void check(String key, JsonNode part, int depth) {
    String type = part.path("type").asText();
    if (type.equals(SEQUENCE)) {
      JsonNode steps = part.path(STEPS.get(key));
      expect(steps.isArray() && depth < DEPTH, key, "is a sequence without steps, or too deep");
      for (JsonNode step : steps) {
        check(key, step, depth + 1);
      }
      return;
    }
    Map<String, Map<String, Field>> known = KNOWN.getOrDefault(key, Map.of());
    Map<String, Field> fields = known.get(type);
    if (fields == null) {
      throw new DsVlmException(
          where
              + ": '"
              + key
              + "' has a step of type '"
              + type
              + "'; known: "
              + new TreeSet<>(known.keySet()));
    }
    for (Map.Entry<String, JsonNode> entry : part.properties()) {
      if (!entry.getKey().equals("type")) {
        checkField(key, type, fields.get(entry.getKey()), entry);
      }
    }
    switch (type) {
      case "Replace", "Split" -> checkPattern(key, part.path("pattern"));
      case "TemplateProcessing" -> checkTemplate(part);
      case "Strip" -> checkStrip(key, part);
      default -> {
        // The library itself complains of what is missing.
      }
    }
  }

  private void checkField(
      String key, String type, @Nullable Field field, Map.Entry<String, JsonNode> entry) {
    String name = "'" + entry.getKey() + "' of its step " + type;
    if (field == null) {
      throw new DsVlmException(where + ": '" + key + "' has " + name + ", which is not known");
    }
    expect(field.fits(entry.getValue()), key, "has " + name + ", which is not " + field.wanted());
  }

  /** The library cuts a token of nothing but what is stripped below its length. */
  private void checkStrip(String key, JsonNode part) {
    expect(
        key.equals("normalizer") || part.path("stop").asInt(-1) == 0,
        key,
        "strips the end of tokens, which is not supported");
  }

  private void checkPattern(String key, JsonNode pattern) {
    if (!pattern.has("Regex")) {
      expect(!pattern.path("String").asText().isEmpty(), key, "looks for an empty text");
      return;
    }
    String regex = pattern.path("Regex").asText();
    if (key.equals("pre_tokenizer")) {
      if (!PublishedPatterns.splits(regex)) {
        try {
          BoundedRegex.compile(regex, BoundedRegex.Dialect.ONIGURUMA);
        } catch (DsVlmException e) {
          throw new DsVlmException(where + ": '" + key + "' has a pattern: " + e.getMessage(), e);
        }
      }
    } else {
      expect(
          PublishedPatterns.replaces(regex),
          key,
          "replaces by the pattern '"
              + cut(regex)
              + "', which can take for ever; known are "
              + new TreeSet<>(PublishedPatterns.replaced()));
    }
  }

  private static String cut(String text) {
    return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
  }

  /** The work of all steps together has to stay within bounds, whatever each may do. */
  private void checkWork(String key, JsonNode part) {
    List<JsonNode> steps = TokenizerWork.steps(key, part);
    expect(
        steps.size() <= TokenizerWork.MOST_STEPS,
        key,
        "has " + steps.size() + " steps; at most " + TokenizerWork.MOST_STEPS);
    expect(
        TokenizerWork.growth(steps) <= TokenizerWork.MOST_GROWTH,
        key,
        "can make more than " + TokenizerWork.MOST_GROWTH + " characters of one");
    long added = TokenizerWork.added(steps);
    expect(added <= TokenizerWork.MOST_ADDED, key, "puts " + added + " tokens around a text");
    if (key.equals("pre_tokenizer")) {
      // Each spells every byte of a text as a character of up to two bytes.
      long spelled = steps.stream().filter(step -> isOf(step, "ByteLevel")).count();
      expect(spelled <= 1, key, "spells bytes " + spelled + " times");
    }
  }

  private static boolean isOf(JsonNode step, String type) {
    return step.path("type").asText().equals(type);
  }

  /** Special tokens that a template names without their ids are looked up all the same. */
  private void checkTemplate(JsonNode part) {
    JsonNode tokens = part.path("special_tokens");
    for (JsonNode token : tokens) {
      int ids = token.path("ids").size();
      boolean right = ids > 0 && ids == token.path("tokens").size();
      expect(right, "post_processor", "has a special token without one text for each id");
    }
    for (String form : new String[] {"single", "pair"}) {
      long texts = 0;
      for (JsonNode piece : part.path(form)) {
        texts += piece.has("Sequence") ? 1 : 0;
        JsonNode token = piece.path("SpecialToken").path("id");
        expect(
            piece.has("Sequence") || tokens.has(token.asText()),
            "post_processor",
            "puts '" + token.asText() + "' around a text, but does not list it");
        expect(
            form.equals("pair") || !piece.path("Sequence").path("id").asText().equals("B"),
            "post_processor",
            "puts a second text into the template of a single one");
      }
      expect(texts <= 2, "post_processor", "repeats a text");
      expect(form.equals("pair") || texts <= 1, "post_processor", "repeats a text");
    }
  }

  private void expect(boolean right, String key, String problem) {
    if (!right) {
      throw new DsVlmException(where + ": '" + key + "' " + problem);
    }
  }
}
