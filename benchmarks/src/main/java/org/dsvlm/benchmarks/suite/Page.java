/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks.suite;

import java.util.Map;

/** A dated page of {@code benchmarks/results}. */
final class Page {
  private Page() {}

  static String of(Rows rows, String title) {
    StringBuilder page = new StringBuilder("# Benchmarks, " + title + "\n\n");
    page.append("Written by `benchmarks/run --page`; ");
    page.append("[the README](../README.md) says how to read it.\n\n| | |\n|---|---|\n");
    for (Map.Entry<String, String> fact : rows.facts().entrySet()) {
      page.append("| ").append(fact.getKey()).append(" | ").append(fact.getValue()).append(" |\n");
    }
    return page.append("\n").append(Table.of(rows.rows())).toString();
  }
}
