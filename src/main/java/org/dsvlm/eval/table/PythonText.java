/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.table;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Methods of Python's strings and numbers that differ from Java's. */
public final class PythonText {
  private static final Pattern INTEGER = Pattern.compile("[+-]?\\p{Nd}+(_\\p{Nd}+)*");
  private static final String DIGITS = "[0-9]+(?:_[0-9]+)*";
  private static final Pattern FLOAT =
      Pattern.compile(
          String.format(
              Locale.ROOT, "[+-]?(?:(?:%1$s\\.?(?:%1$s)?|\\.%1$s)(?:[eE][+-]?%1$s)?)", DIGITS));
  private static final Pattern INFINITE = Pattern.compile("(?i)[+-]?inf(inity)?");
  private static final Pattern NAN = Pattern.compile("(?i)[+-]?nan");

  private PythonText() {}

  /** Whether {@code str.isspace} holds; Java's white space lacks the no-break spaces. */
  public static boolean isSpace(int c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
  }

  /** {@code text.strip()}. */
  public static String strip(String text) {
    int start = 0;
    int end = text.length();
    while (start < end && isSpace(text.charAt(start))) {
      start++;
    }
    while (end > start && isSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(start, end);
  }

  /** {@code text.split()}: the words between white space. */
  public static List<String> split(String text) {
    List<String> words = new ArrayList<>();
    int start = -1;
    for (int i = 0; i <= text.length(); i++) {
      boolean space = i == text.length() || isSpace(text.charAt(i));
      if (space && start >= 0) {
        words.add(text.substring(start, i));
        start = -1;
      } else if (!space && start < 0) {
        start = i;
      }
    }
    return words;
  }

  /** {@code len(text)}: characters, not UTF-16 units. */
  public static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  /** {@code int(text)}; nothing where Python raises ValueError. */
  public static Optional<BigInteger> integer(String text) {
    String stripped = strip(text);
    if (!INTEGER.matcher(stripped).matches()) {
      return Optional.empty();
    }
    String digits = stripped.replace("_", "").replaceFirst("^\\+", "");
    return Optional.of(new BigInteger(digits));
  }

  /** {@code float(text)}; nothing where Python raises ValueError. */
  public static Optional<Double> real(String text) {
    String stripped = asciiDigits(strip(text));
    if (FLOAT.matcher(stripped).matches()) {
      return Optional.of(Double.parseDouble(stripped.replace("_", "")));
    }
    if (INFINITE.matcher(stripped).matches()) {
      double infinity = Double.POSITIVE_INFINITY;
      return Optional.of(stripped.startsWith("-") ? -infinity : infinity);
    }
    return NAN.matcher(stripped).matches() ? Optional.of(Double.NaN) : Optional.empty();
  }

  /** Python reads the digits of every script. */
  private static String asciiDigits(String text) {
    StringBuilder ascii = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              if (Character.getType(c) == Character.DECIMAL_DIGIT_NUMBER) {
                ascii.append(Character.digit(c, 10));
              } else {
                ascii.appendCodePoint(c);
              }
            });
    return ascii.toString();
  }

  /** {@code text} as {@code str()} gives it once pandas has read it: what means missing is nan. */
  public static String throughPandas(String text) {
    return ColumnType.isMissing(text) ? "nan" : text;
  }

  /** {@code repr(value)}: the fewest digits that give the same number again. */
  public static String repr(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0.0" : "0.0";
    }
    BigDecimal shortest = new BigDecimal(value);
    for (int digits = 1; digits <= 17; digits++) {
      BigDecimal rounded =
          new BigDecimal(value).round(new MathContext(digits, RoundingMode.HALF_EVEN));
      if (rounded.doubleValue() == value) {
        shortest = rounded;
        break;
      }
    }
    shortest = shortest.stripTrailingZeros();
    int exponent = shortest.precision() - shortest.scale() - 1;
    if (exponent < -4 || exponent >= 16) {
      String digits = shortest.unscaledValue().abs().toString();
      String mantissa =
          digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
      return String.format(
          Locale.ROOT,
          "%s%se%s%02d",
          value < 0 ? "-" : "",
          mantissa,
          exponent < 0 ? "-" : "+",
          Math.abs(exponent));
    }
    String plain = shortest.toPlainString();
    return plain.contains(".") ? plain : plain + ".0";
  }
}
