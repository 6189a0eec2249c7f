/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * MMMU. An open question is scored as a choice between its answer (A) and "Other Answers" (B), so a
 * reply that holds the answer's text is a hit, and so is a bare "A". The headline is the validation
 * split's. The marks {@code <image 1>} stay in the text; all pictures stand before it.
 */
final class Mmmu extends MultipleChoice {
  private static final String OTHER = "Other Answers";

  Mmmu() {
    super("mmmu", "MMMU", List.of("MMMU_DEV_VAL", "MMMU_TEST"));
  }

  @Override
  Map<String, String> options(Item item) {
    Map<String, String> options = super.options(item);
    if (options.containsKey("A")) {
      return options;
    }
    Map<String, String> open = new TreeMap<>(options);
    open.put("A", item.get("answer") == null ? "nan" : item.get("answer"));
    open.put("B", OTHER);
    return open;
  }

  /** An answer that is no single capital letter is the text of option A. */
  @Override
  String truth(Item item) {
    String answer = item.get("answer");
    return answer != null && answer.matches("[A-Z]") ? answer : "A";
  }

  /** Some of its questions are open, and chance is nothing for them. */
  @Override
  public List<ClosedAnswer> closed(List<Item> items) {
    return List.of();
  }
}
