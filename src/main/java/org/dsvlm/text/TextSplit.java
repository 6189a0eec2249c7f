/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.dsvlm.io.BoundedRegex;

/**
 * The step {@code Split} of a tokenizer.json: a text is cut where a pattern matches.
 *
 * @param pattern what matches
 * @param behavior what becomes of the matches, in the library's words
 * @param invert whether what lies between the matches counts as the match
 */
record TextSplit(BoundedRegex pattern, String behavior, boolean invert) {
  /** The {@code behavior} of the library. */
  static final List<String> BEHAVIORS =
      List.of("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous");

  /** From begin to end of a text; whether the pattern matched there. */
  private record Stretch(int begin, int end, boolean match) {}

  static TextSplit of(JsonNode step) {
    JsonNode text = step.path("pattern").path("String");
    String regex =
        text.isTextual()
            ? text.asText().replaceAll("[\\\\\\[\\](){}.*+?^$|]", "\\\\$0")
            : step.path("pattern").path("Regex").asText();
    return new TextSplit(
        BoundedRegex.compile(regex, BoundedRegex.Dialect.ONIGURUMA),
        step.path("behavior").asText(),
        step.path("invert").asBoolean());
  }

  /** The pieces of {@code text}, none of them empty. */
  List<String> pieces(String text) {
    List<Stretch> stretches = stretches(text);
    List<Stretch> merged =
        switch (behavior) {
          case "Removed" -> stretches.stream().filter(stretch -> !stretch.match()).toList();
          case "MergedWithPrevious" -> mergedWithPrevious(stretches);
          case "MergedWithNext" -> mergedWithNext(stretches);
          case "Contiguous" -> contiguous(stretches);
          default -> stretches;
        };
    return merged.stream()
        .filter(stretch -> stretch.end() > stretch.begin())
        .map(stretch -> text.substring(stretch.begin(), stretch.end()))
        .toList();
  }

  private List<Stretch> stretches(String text) {
    List<Stretch> stretches = new ArrayList<>();
    BoundedRegex.Search search = pattern.on(text);
    int at = 0;
    for (int from = 0; from <= text.length(); ) {
      int[] found = search.find(from);
      if (found == null) {
        break;
      }
      if (found[0] > at) {
        stretches.add(new Stretch(at, found[0], invert));
      }
      stretches.add(new Stretch(found[0], found[1], !invert));
      at = found[1];
      from = found[1] > found[0] ? found[1] : found[1] + 1;
    }
    if (at < text.length()) {
      stretches.add(new Stretch(at, text.length(), invert));
    }
    return stretches;
  }

  /** A match joins what is before it, unless that is a match too. */
  private static List<Stretch> mergedWithPrevious(List<Stretch> stretches) {
    List<Stretch> merged = new ArrayList<>();
    boolean previous = false;
    for (Stretch stretch : stretches) {
      if (stretch.match() && !previous && !merged.isEmpty()) {
        int begin = merged.remove(merged.size() - 1).begin();
        merged.add(new Stretch(begin, stretch.end(), true));
      } else {
        merged.add(stretch);
      }
      previous = stretch.match();
    }
    return merged;
  }

  private static List<Stretch> mergedWithNext(List<Stretch> stretches) {
    List<Stretch> merged = new ArrayList<>();
    boolean next = false;
    for (int i = stretches.size() - 1; i >= 0; i--) {
      Stretch stretch = stretches.get(i);
      if (stretch.match() && !next && !merged.isEmpty()) {
        int end = merged.remove(merged.size() - 1).end();
        merged.add(new Stretch(stretch.begin(), end, true));
      } else {
        merged.add(stretch);
      }
      next = stretch.match();
    }
    Collections.reverse(merged);
    return merged;
  }

  private static List<Stretch> contiguous(List<Stretch> stretches) {
    List<Stretch> merged = new ArrayList<>();
    boolean previous = false;
    for (Stretch stretch : stretches) {
      if (stretch.match() == previous && !merged.isEmpty()) {
        int begin = merged.remove(merged.size() - 1).begin();
        merged.add(new Stretch(begin, stretch.end(), previous));
      } else {
        merged.add(stretch);
      }
      previous = stretch.match();
    }
    return merged;
  }
}
