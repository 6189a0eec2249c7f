/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.table;

import java.io.IOException;
import java.util.List;

/** Writes rows of delimited text in which every cell is quoted, as VLMEvalKit writes them. */
public final class TsvWriter {
  private final Appendable out;
  private final char delimiter;

  public TsvWriter(Appendable out, char delimiter) {
    this.out = out;
    this.delimiter = delimiter;
  }

  /** One row; a null is an empty cell. */
  public void row(List<String> cells) throws IOException {
    for (int i = 0; i < cells.size(); i++) {
      String cell = cells.get(i) == null ? "" : cells.get(i);
      if (i > 0) {
        out.append(delimiter);
      }
      out.append('"').append(cell.replace("\"", "\"\"")).append('"');
    }
    out.append('\n');
  }
}
