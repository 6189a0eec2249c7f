/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.table;

import java.util.Locale;
import org.dsvlm.io.DsVlmException;
import org.jspecify.annotations.Nullable;

/** One row of a {@link TsvTable}. Cells are what {@code str()} gives of pandas' values. */
public final class Row {
  private final TsvTable table;
  private final int number;
  private final long line;
  private final String[] texts;
  private final long[] spans;

  Row(TsvTable table, int number, long line, String[] texts, long[] spans) {
    this.table = table;
    this.number = number;
    this.line = line;
    this.texts = texts;
    this.spans = spans;
  }

  /** The cell of that column; null where the column, or a value in it, is missing. */
  public @Nullable String get(String column) {
    int i = table.column(column);
    if (i < 0) {
      return null;
    }
    if (isLong(i)) {
      return table.read(spans[2 * i], spans[2 * i + 1]);
    }
    return table.type(i).value(texts[i]);
  }

  /** The cell as it stands in the file; null where it or its column is missing. */
  public @Nullable String raw(String column) {
    int i = table.column(column);
    return i < 0 ? null : isLong(i) ? table.read(spans[2 * i], spans[2 * i + 1]) : texts[i];
  }

  /** Whether there is a value. */
  public boolean has(String column) {
    int i = table.column(column);
    return i >= 0 && (isLong(i) || !ColumnType.isMissing(texts[i]));
  }

  /** Whether the cell is long and its column lazy, so that it is read from the file each time. */
  public boolean isLong(String column) {
    int i = table.column(column);
    return i >= 0 && isLong(i);
  }

  private boolean isLong(int i) {
    return spans.length > 0 && spans[2 * i + 1] > 0;
  }

  /**
   * The cell of that column.
   *
   * @throws DsVlmException naming row and column, if there is none
   */
  public String require(String column) {
    String value = get(column);
    if (value == null) {
      throw error(column, table.column(column) < 0 ? "the file has no such column" : "is empty");
    }
    return value;
  }

  /** File, row and column, for messages. */
  public String where(String column) {
    String index = "index".equals(column) || !has("index") ? "" : ", index " + get("index");
    return String.format(
        Locale.ROOT,
        "%s: row %d (line %d%s), column '%s'",
        table.file(),
        number,
        line,
        index,
        column);
  }

  /** The exception for an unsound cell of that column. */
  public DsVlmException error(String column, String problem) {
    return new DsVlmException(where(column) + ": " + problem);
  }
}
