/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.table;

import java.math.BigInteger;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The type that pandas gives a column. A column of numbers alone becomes numbers, and whole numbers
 * with a gap among them become fractions: option "12" is then shown as "12.0".
 */
final class ColumnType {
  /** The texts that pandas reads as missing. */
  private static final Set<String> MISSING =
      Set.of(
          "",
          "#N/A",
          "#N/A N/A",
          "#NA",
          "-1.#IND",
          "-1.#QNAN",
          "-NaN",
          "-nan",
          "1.#IND",
          "1.#QNAN",
          "<NA>",
          "N/A",
          "NA",
          "NULL",
          "NaN",
          "None",
          "n/a",
          "nan",
          "null");

  private static final Set<String> TRUE = Set.of("True", "TRUE", "true");
  private static final Set<String> FALSE = Set.of("False", "FALSE", "false");
  private static final Pattern INTEGER = Pattern.compile(" *[+-]?[0-9]{1,18} *");
  private static final Pattern FLOAT =
      Pattern.compile(" *[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)? *");

  private boolean integers = true;
  private boolean floats = true;
  private boolean booleans = true;
  private boolean gaps;

  static boolean isMissing(@Nullable String text) {
    return text == null || MISSING.contains(text);
  }

  /** Takes one more cell into account. */
  void see(@Nullable String text) {
    if (isMissing(text)) {
      gaps = true;
      return;
    }
    integers = integers && INTEGER.matcher(text).matches();
    floats = floats && (integers || FLOAT.matcher(text).matches());
    booleans = booleans && (TRUE.contains(text) || FALSE.contains(text));
  }

  /** The text that {@code str()} gives for the cell's value; null for a missing one. */
  @Nullable String value(@Nullable String text) {
    if (text == null || isMissing(text)) {
      return null;
    }
    if (integers && !gaps) {
      return new BigInteger(text.strip().replaceFirst("^\\+", "")).toString();
    }
    if (floats) {
      return PythonText.repr(Double.parseDouble(text.strip()));
    }
    if (booleans) {
      return TRUE.contains(text) ? "True" : "False";
    }
    return text;
  }
}
