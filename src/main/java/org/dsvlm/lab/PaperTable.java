/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.lab;

import java.util.List;
import java.util.Map;

/**
 * What the paper says.
 *
 * @param says its finding, in a sentence
 * @param columns heads of the figures that are restated; none where the paper's figures are not
 * @param figures a text for each column, by arm
 */
record PaperTable(String says, List<String> columns, Map<String, List<String>> figures) {
  /** The cells of {@code arm}, one for each column. */
  List<String> cells(String arm) {
    return figures.getOrDefault(arm, columns.stream().map(column -> "–").toList());
  }
}
