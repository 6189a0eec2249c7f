/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.MapperBuilder;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * What reads JSON and YAML. A key that stands twice, and anything behind the document, is an error:
 * of two values one would be lost, and nobody would know which.
 */
public final class StrictJson {
  private static final int LONGEST_PROBLEM = 400;

  private static final ObjectMapper JSON = of(new JsonFactory());

  private static final YAMLMapper YAML =
      strict(
          YAMLMapper.builder(
              YAMLFactory.builder()
                  .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
                  .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
                  .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
                  .build()));

  private StrictJson() {}

  /** Reads JSON; not to be configured further. */
  public static ObjectMapper json() {
    return JSON;
  }

  /** Reads YAML, and writes it with as few quotes as it needs; not to be configured further. */
  public static YAMLMapper yaml() {
    return YAML;
  }

  /** Reads JSON with the limits of {@code factory}, which stays as it is. */
  public static ObjectMapper of(JsonFactory factory) {
    return strict(JsonMapper.builder(factory.copy()));
  }

  /**
   * The tree of the one document in {@code text}.
   *
   * @throws JsonProcessingException if it is broken, or has an alias: read as a tree, that is its
   *     name, and not what it stands for
   */
  public static JsonNode yaml(String text) throws JsonProcessingException {
    try (YAMLParser parser = YAML.getFactory().createParser(text)) {
      while (parser.nextToken() != null) {
        if (parser.isCurrentAlias()) {
          throw new JsonParseException(
              parser,
              "aliases such as *"
                  + Excerpt.of(parser.getText())
                  + " are not read; write the value out");
        }
      }
    } catch (JsonProcessingException e) {
      throw e;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return YAML.readTree(text);
  }

  /**
   * What is wrong with a file, in few words: the parser's own may hold the file, and advice to
   * whoever programs with it.
   */
  public static String problem(JsonProcessingException e) {
    String said = String.valueOf(e.getOriginalMessage());
    int advice = said.indexOf(": enable `");
    return Excerpt.of(
        advice < 0 ? said : said.substring(0, advice) + ", which JSON does not have",
        LONGEST_PROBLEM);
  }

  private static <M extends ObjectMapper, B extends MapperBuilder<M, B>> M strict(B builder) {
    return builder
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .build();
  }
}
