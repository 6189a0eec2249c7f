/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import org.dsvlm.eval.judge.Judge;
import org.dsvlm.eval.judge.JudgeInstructions;
import org.dsvlm.eval.judge.JudgeRequest;
import org.jspecify.annotations.Nullable;

/**
 * The judge, if there is one, and what it is told.
 *
 * @param judge null for exact matching alone
 */
public record Judging(@Nullable Judge judge, JudgeInstructions instructions) {
  /** Exact matching alone. */
  public static final Judging NONE = new Judging(null, JudgeInstructions.ours());

  /** How it is named beside a figure. */
  public String name() {
    return judge == null
        ? "none (exact matching)"
        : judge.name() + ", instructions " + instructions.name();
  }

  boolean isPresent() {
    return judge != null;
  }

  /**
   * Asks about {@code items}.
   *
   * @param kind the section of the instructions
   * @param values what its place holders stand for
   * @return replies by row; none without a judge
   */
  Map<String, String> ask(
      String kind,
      List<Item> items,
      int attempts,
      Function<Item, Predicate<String>> readable,
      Function<Item, Map<String, String>> values) {
    if (judge == null || items.isEmpty()) {
      return Map.of();
    }
    List<JudgeRequest> requests =
        items.stream()
            .map(
                item ->
                    new JudgeRequest(
                        item.index(),
                        instructions.text(kind, values.apply(item)),
                        attempts,
                        readable.apply(item)))
            .toList();
    return judge.ask(instructions.system(), requests);
  }
}
