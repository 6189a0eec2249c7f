/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.math.BigDecimal;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a number of bytes as users write it: {@code 5GB}, {@code 512MiB}, {@code 1000}. */
final class ByteSize implements ITypeConverter<Long> {
  private static final Pattern FORM = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*([A-Za-z]*)");

  private static final Map<String, Long> UNITS = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

  static {
    UNITS.put("", 1L);
    UNITS.put("B", 1L);
    UNITS.put("KB", 1_000L);
    UNITS.put("MB", 1_000_000L);
    UNITS.put("GB", 1_000_000_000L);
    UNITS.put("KiB", 1L << 10);
    UNITS.put("MiB", 1L << 20);
    UNITS.put("GiB", 1L << 30);
  }

  @Override
  public Long convert(String value) {
    Matcher matcher = FORM.matcher(value.strip());
    Long unit = matcher.matches() ? UNITS.get(matcher.group(2)) : null;
    if (unit == null) {
      throw new TypeConversionException("'" + value + "' is no size such as 5GB or 512MiB");
    }
    BigDecimal bytes = new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(unit));
    if (bytes.compareTo(BigDecimal.ONE) < 0
        || bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
      throw new TypeConversionException("'" + value + "' is no size that a file can have");
    }
    return bytes.longValue();
  }
}
