/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.jspecify.annotations.Nullable;

/**
 * A value of a request.
 *
 * @param key that leads to it, such as {@code messages[0].role}; errors begin with it
 */
record RequestValue(String key, JsonNode json) {
  private static final Pattern KEY =
      Pattern.compile("([a-z_]+(?:\\[\\d+\\]|\\.[a-z_]+)*): (?s:.+)");

  /** The key at fault of an error that this class or a picture's decoder made; null for none. */
  static @Nullable String keyOf(DsVlmException error) {
    Matcher matcher = KEY.matcher(error.getMessage());
    return matcher.matches() ? matcher.group(1) : null;
  }

  DsVlmException wrong(String what) {
    return new DsVlmException(key + ": " + what);
  }

  private DsVlmException notA(String wanted) {
    return wrong(
        "is " + (json.isContainerNode() ? kind() : Excerpt.of(json)) + "; it has to be " + wanted);
  }

  private String kind() {
    return json.isArray() ? "a list" : "an object";
  }

  /** Null where the key is absent or null. */
  @Nullable RequestValue child(String name) {
    @Nullable JsonNode child = json.get(name);
    return child == null || child.isNull() ? null : new RequestValue(key + "." + name, child);
  }

  /** The same, but it has to be there. */
  RequestValue required(String name) {
    @Nullable RequestValue child = child(name);
    if (child == null) {
      throw new DsVlmException(key + "." + name + ": is missing");
    }
    return child;
  }

  RequestValue object() {
    if (!json.isObject()) {
      throw notA("an object");
    }
    return this;
  }

  /** The entries of a list, each with its own key. */
  List<RequestValue> entries() {
    if (!json.isArray()) {
      throw notA("a list");
    }
    List<RequestValue> entries = new ArrayList<>();
    for (JsonNode entry : json) {
      entries.add(new RequestValue(key + "[" + entries.size() + "]", entry));
    }
    return entries;
  }

  String text() {
    if (!json.isTextual()) {
      throw notA("a text");
    }
    String text = json.textValue();
    for (int i = 0; i < text.length(); i++) {
      char unit = text.charAt(i);
      if (Character.isSurrogate(unit)) {
        boolean pair =
            Character.isHighSurrogate(unit)
                && i + 1 < text.length()
                && Character.isLowSurrogate(text.charAt(i + 1));
        if (!pair) {
          throw wrong("has half a surrogate pair at character " + i + ", which is no text");
        }
        i++;
      }
    }
    return text;
  }

  boolean flag() {
    if (!json.isBoolean()) {
      throw notA("true or false");
    }
    return json.booleanValue();
  }

  long integer(long least, long most) {
    if (!json.isIntegralNumber() || !json.canConvertToLong()) {
      throw notA("a whole number from " + least + " to " + most);
    }
    long value = json.longValue();
    if (value < least || value > most) {
      throw notA("from " + least + " to " + most);
    }
    return value;
  }

  double number(double least, double most) {
    double value = json.isNumber() ? json.doubleValue() : Double.NaN;
    if (!(value >= least && value <= most)) {
      throw notA("a number from " + least + " to " + most);
    }
    return value;
  }
}
