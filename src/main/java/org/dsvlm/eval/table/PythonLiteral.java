/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.table;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A Python literal, read as {@code ast.literal_eval} reads it. VLMEvalKit evaluates such cells as
 * code; here nothing is ever run, and what is no literal is refused.
 *
 * @param value a String, BigInteger, Double, Boolean, List, Map, or null for None
 */
public record PythonLiteral(@Nullable Object value) {
  private static final int DEEPEST = 100;

  /** The literal that all of {@code text} is; nothing where it is none. */
  public static Optional<PythonLiteral> parse(String text) {
    try {
      Parser parser = new Parser(text);
      Object value = parser.value(0);
      parser.spaces();
      return parser.at == text.length() ? Optional.of(new PythonLiteral(value)) : Optional.empty();
    } catch (IllegalArgumentException | StringIndexOutOfBoundsException e) {
      return Optional.empty();
    }
  }

  /** The elements, if this is a list or a tuple. */
  public Optional<List<?>> list() {
    return value instanceof List<?> list ? Optional.of(list) : Optional.empty();
  }

  /** {@code str(value)} of a string, a number, a truth value or None. */
  public static String str(@Nullable Object value) {
    if (value == null) {
      return "None";
    }
    if (value instanceof Boolean truth) {
      return truth ? "True" : "False";
    }
    return value instanceof Double number ? PythonText.repr(number) : value.toString();
  }

  private static final class Parser {
    private final String text;
    private int at;

    Parser(String text) {
      this.text = text;
    }

    void spaces() {
      while (at < text.length() && " \t\r\n\f".indexOf(text.charAt(at)) >= 0) {
        at++;
      }
    }

    @Nullable Object value(int depth) {
      if (depth > DEEPEST) {
        throw new IllegalArgumentException("too deep");
      }
      spaces();
      char c = text.charAt(at);
      if (c == '[' || c == '(') {
        return list(c == '[' ? ']' : ')', c == '(', depth);
      }
      if (c == '{') {
        return map(depth);
      }
      if (c == '\'' || c == '"' || startsPrefixedString()) {
        return strings();
      }
      return word();
    }

    private boolean startsPrefixedString() {
      char quote = at + 1 < text.length() ? text.charAt(at + 1) : ' ';
      return "rRuU".indexOf(text.charAt(at)) >= 0 && (quote == '\'' || quote == '"');
    }

    private @Nullable Object list(char close, boolean tuple, int depth) {
      at++;
      List<@Nullable Object> values = new ArrayList<>();
      boolean comma = false;
      while (!closes(close)) {
        if (!values.isEmpty() && !comma) {
          throw new IllegalArgumentException("no comma");
        }
        values.add(value(depth + 1));
        comma = takes(',');
      }
      // Parentheses around one value without a comma are no tuple.
      return tuple && values.size() == 1 && !comma ? values.get(0) : values;
    }

    private Map<@Nullable Object, @Nullable Object> map(int depth) {
      at++;
      Map<@Nullable Object, @Nullable Object> values = new LinkedHashMap<>();
      boolean comma = true;
      while (!closes('}')) {
        Object key = value(depth + 1);
        if (!comma || !takes(':')) {
          throw new IllegalArgumentException("no dictionary");
        }
        values.put(key, value(depth + 1));
        comma = takes(',');
      }
      return values;
    }

    private boolean closes(char close) {
      return takes(close);
    }

    private boolean takes(char c) {
      spaces();
      if (at < text.length() && text.charAt(at) == c) {
        at++;
        return true;
      }
      return false;
    }

    /** Strings side by side are one. */
    private String strings() {
      StringBuilder joined = new StringBuilder();
      do {
        boolean raw = "rR".indexOf(text.charAt(at)) >= 0;
        if (startsPrefixedString()) {
          at++;
        }
        string(raw, joined);
        spaces();
      } while (at < text.length()
          && (text.charAt(at) == '\'' || text.charAt(at) == '"' || startsPrefixedString()));
      return joined.toString();
    }

    private void string(boolean raw, StringBuilder out) {
      String quote = text.substring(at, at + 1);
      if (text.startsWith(quote.repeat(3), at)) {
        quote = quote.repeat(3);
      }
      at += quote.length();
      while (!text.startsWith(quote, at)) {
        char c = text.charAt(at++);
        if (c == '\n' && quote.length() == 1) {
          throw new IllegalArgumentException("line break in a string");
        }
        if (c != '\\') {
          out.append(c);
        } else if (raw) {
          out.append(c).append(text.charAt(at++));
        } else {
          escape(out);
        }
      }
      at += quote.length();
    }

    private void escape(StringBuilder out) {
      char c = text.charAt(at++);
      int known = "abfnrtv\\'\"".indexOf(c);
      if (known >= 0) {
        out.append("\u0007\b\f\n\r\t\u000b\\'\"".charAt(known));
      } else if (c == 'x' || c == 'u' || c == 'U') {
        int digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
        out.appendCodePoint(Integer.parseInt(text.substring(at, at + digits), 16));
        at += digits;
      } else if (c >= '0' && c <= '7') {
        int end = at;
        while (end < text.length() && end < at + 2 && "01234567".indexOf(text.charAt(end)) >= 0) {
          end++;
        }
        out.appendCodePoint(Integer.parseInt(text.substring(at - 1, end), 8));
        at = end;
      } else if (c == 'N' && text.startsWith("{", at)) {
        int end = text.indexOf('}', at);
        out.appendCodePoint(Character.codePointOf(text.substring(at + 1, end)));
        at = end + 1;
      } else if (c != '\n') {
        // Unknown escapes stay as they are.
        out.append('\\').append(c);
      }
    }

    private @Nullable Object word() {
      int start = at;
      while (at < text.length() && isOfWord(text.charAt(at))) {
        at++;
      }
      String word = text.substring(start, at);
      return switch (word) {
        case "None" -> null;
        case "True" -> true;
        case "False" -> false;
        default -> number(word);
      };
    }

    private static boolean isOfWord(char c) {
      return Character.isLetterOrDigit(c) || "._+-".indexOf(c) >= 0;
    }

    private static Object number(String word) {
      Optional<BigInteger> integer = PythonText.integer(word);
      if (integer.isPresent()) {
        return integer.get();
      }
      // The names nan and inf are no literals in Python, but cells written from arrays hold them.
      return PythonText.real(word)
          .orElseThrow(() -> new IllegalArgumentException("no literal: " + word));
    }
  }
}
