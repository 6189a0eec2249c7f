/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.weights.StoredType;
import org.jspecify.annotations.Nullable;

/**
 * The JSON of a safetensors header, read token by token: an unexpected token ends the reading
 * before anything is built from it.
 */
final class SafetensorsJson {
  /** The entry that is no tensor. */
  static final String METADATA = "__metadata__";

  /** More than LibTorch's operators take. */
  private static final int HIGHEST_RANK = 64;

  /** The limit of serde_json, with which the format's own library reads headers. */
  private static final int DEEPEST_NESTING = 128;

  private final String file;
  private final JsonParser json;
  private final Map<String, SafetensorsEntry> tensors = new LinkedHashMap<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();

  private SafetensorsJson(String file, JsonParser json) {
    this.file = file;
    this.json = json;
  }

  /** Parses {@code header}, which must be UTF-8. {@code file} is its name in messages. */
  static SafetensorsJson parse(String file, byte[] header) {
    JsonFactory factory =
        JsonFactory.builder()
            .streamReadConstraints(
                StreamReadConstraints.builder()
                    .maxNestingDepth(DEEPEST_NESTING)
                    .maxStringLength(header.length)
                    .maxNameLength(header.length)
                    .build())
            // Names are the caller's: canonicalizing them would keep every name ever read.
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .build();
    // A reader, because from bytes the parser would guess at UTF-16.
    InputStreamReader reader =
        new InputStreamReader(new ByteArrayInputStream(header), StandardCharsets.UTF_8);
    try (JsonParser parser = factory.createParser(reader)) {
      SafetensorsJson result = new SafetensorsJson(file, parser);
      result.readHeader();
      return result;
    } catch (IOException e) {
      String text = String.valueOf(e.getMessage()).lines().findFirst().orElse("no reason given");
      throw new DsVlmException(
          file
              + ": the header is not valid JSON: "
              + text
              + "; the file is damaged, fetch it again",
          e);
    }
  }

  /** Entries by name, in the header's order. */
  Map<String, SafetensorsEntry> tensors() {
    return tensors;
  }

  /** Strings of {@code __metadata__}. */
  Map<String, String> metadata() {
    return metadata;
  }

  private void readHeader() throws IOException {
    expect(json.nextToken(), JsonToken.START_OBJECT, "the header", "an object");
    boolean metadataSeen = false;
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String name = json.currentName();
      json.nextToken();
      if (name.equals(METADATA)) {
        if (metadataSeen) {
          throw bad(METADATA + " appears twice");
        }
        metadataSeen = true;
        readMetadata();
      } else if (tensors.containsKey(name)) {
        throw bad("tensor " + quote(name) + " appears twice");
      } else {
        tensors.put(name, readEntry("tensor " + quote(name)));
      }
    }
    if (json.nextToken() != null) {
      throw bad("something follows the JSON object");
    }
  }

  private void readMetadata() throws IOException {
    if (json.currentToken() == JsonToken.VALUE_NULL) {
      return;
    }
    expect(json.currentToken(), JsonToken.START_OBJECT, "__metadata__", "an object of strings");
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String key = json.currentName();
      String what = "__metadata__ entry " + quote(key);
      expect(json.nextToken(), JsonToken.VALUE_STRING, what, "a string");
      if (metadata.put(key, json.getText()) != null) {
        throw bad(what + " appears twice");
      }
    }
  }

  private SafetensorsEntry readEntry(String what) throws IOException {
    expect(json.currentToken(), JsonToken.START_OBJECT, what, "an object");
    StoredType type = null;
    List<Long> shape = null;
    List<Long> offsets = null;
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String field = json.currentName();
      json.nextToken();
      switch (field) {
        case "dtype" -> {
          refuseSecond(type, what, field);
          type = readType(what);
        }
        case "shape" -> {
          refuseSecond(shape, what, field);
          shape = readNumbers(what + ": shape", HIGHEST_RANK);
        }
        case "data_offsets" -> {
          refuseSecond(offsets, what, field);
          offsets = readNumbers(what + ": data_offsets", 2);
        }
        default -> json.skipChildren();
      }
    }
    if (type == null || shape == null || offsets == null || offsets.size() != 2) {
      throw bad(what + " needs dtype, shape and two data_offsets");
    }
    return checked(what, new SafetensorsEntry(type, shape, offsets.get(0), offsets.get(1)));
  }

  private void refuseSecond(@Nullable Object already, String what, String field) {
    if (already != null) {
      throw bad(what + ": " + field + " appears twice");
    }
  }

  private StoredType readType(String what) throws IOException {
    expect(json.currentToken(), JsonToken.VALUE_STRING, what + ": dtype", "a string");
    String name = json.getText();
    return StoredType.named(name)
        .orElseThrow(
            () ->
                bad(
                    what
                        + ": unknown dtype "
                        + quote(name)
                        + "; known: "
                        + String.join(", ", StoredType.names())));
  }

  private List<Long> readNumbers(String what, int most) throws IOException {
    expect(json.currentToken(), JsonToken.START_ARRAY, what, "a list of whole numbers");
    List<Long> numbers = new ArrayList<>();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      expect(json.currentToken(), JsonToken.VALUE_NUMBER_INT, what, "a list of whole numbers");
      if (json.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
        throw bad(what + ": " + quote(json.getText()) + " is beyond 64 bits");
      }
      long number = json.getLongValue();
      if (number < 0) {
        throw bad(what + ": " + number + " is negative");
      }
      if (numbers.size() == most) {
        throw bad(what + " holds more than " + most + " numbers");
      }
      numbers.add(number);
    }
    return List.copyOf(numbers);
  }

  private SafetensorsEntry checked(String what, SafetensorsEntry entry) {
    if (entry.begin() > entry.end()) {
      throw bad(what + " begins at " + entry.begin() + " but ends at " + entry.end());
    }
    long bytes = entry.type().bytes();
    try {
      // A size of 0 must not hide an overflow of the others: LibTorch's strides would meet it.
      long span = bytes;
      for (long size : entry.shape()) {
        span = Math.multiplyExact(span, Math.max(1, size));
        bytes *= size;
      }
    } catch (ArithmeticException e) {
      throw bad(what + ": the product of shape " + entry.shape() + " is beyond 64 bits");
    }
    if (bytes != entry.bytes()) {
      throw bad(
          what
              + " is "
              + entry.type()
              + " "
              + entry.shape()
              + ", "
              + bytes
              + " bytes, but its offsets "
              + entry.begin()
              + " to "
              + entry.end()
              + " hold "
              + entry.bytes());
    }
    return entry;
  }

  private void expect(JsonToken actual, JsonToken wanted, String what, String form) {
    if (actual != wanted) {
      throw bad(what + " is not " + form);
    }
  }

  private DsVlmException bad(String what) {
    return new DsVlmException(
        file
            + ": header, near character "
            + json.currentTokenLocation().getCharOffset()
            + ": "
            + what
            + "; the file is damaged or not safetensors, fetch or convert it again");
  }

  /** A name as messages show it: on one line, and shortened if it is long. */
  private static String quote(String name) {
    int most = 120;
    String shown = name.length() <= most ? name : name.substring(0, most) + "…";
    return "'" + shown.replaceAll("\\p{Cntrl}", "?") + "'";
  }
}
