/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data.nano;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.dsvlm.data.nano.Scene.Placed;

/** Captions: every fact that the questions ask for, in one regular sentence. */
final class SceneWords {
  private static final List<String> NUMBERS =
      List.of("zero", "one", "two", "three", "four", "five");

  private SceneWords() {}

  /** {@code number} as a word, up to five. */
  static String number(int number) {
    return NUMBERS.get(number);
  }

  /** The numbers that a scene may hold, as words. */
  static List<String> numbers() {
    return NUMBERS.subList(1, NUMBERS.size());
  }

  /** What the picture shows. */
  static String caption(Scene scene) {
    String shown =
        switch (scene.kind()) {
          case SINGLE -> thing(scene.things().get(0));
          case PAIR -> pair(scene.things().get(0), scene.things().get(1));
          case SEVERAL -> several(scene);
          case ODD -> String.join(" and ", scene.things().stream().map(SceneWords::thing).toList());
          case TEXT -> text(scene);
        };
    return shown + ", on " + scene.ground().words();
  }

  /** "red lemon, food". */
  private static String thing(Placed placed) {
    Concept concept = placed.concept();
    return concept.colour().map(colour -> colour + " ").orElse("")
        + concept.name()
        + ", "
        + concept.category();
  }

  private static String pair(Placed a, Placed b) {
    return sized(a, b) + thing(a) + ", " + place(a, b) + " " + sized(b, a) + thing(b);
  }

  private static String sized(Placed one, Placed other) {
    if (!differ(one, other)) {
      return "";
    }
    return one.size() > other.size() ? "large " : "small ";
  }

  /** Whether one is so much larger that it may be asked for. */
  static boolean differ(Placed one, Placed other) {
    return Math.max(one.size(), other.size()) >= 1.4 * Math.min(one.size(), other.size());
  }

  /** Where {@code a} is, seen from {@code b}: "left of". */
  private static String place(Placed a, Placed b) {
    String direction = direction(a, b);
    return direction.equals("left") || direction.equals("right") ? direction + " of" : direction;
  }

  /** Where {@code a} is, seen from {@code b}: left, right, above or below. */
  static String direction(Placed a, Placed b) {
    if (a.leftOf(b)) {
      return "left";
    }
    if (b.leftOf(a)) {
      return "right";
    }
    return a.above(b) ? "above" : "below";
  }

  private static String several(Scene scene) {
    List<String> parts = new ArrayList<>();
    counts(scene).forEach((shown, count) -> parts.add(number(count) + " of " + thing(shown)));
    return String.join(" and ", parts);
  }

  /** How often each thing is there, under the first of its places. */
  static Map<Placed, Integer> counts(Scene scene) {
    Map<Concept, Placed> first = new LinkedHashMap<>();
    Map<Placed, Integer> counts = new LinkedHashMap<>();
    for (Placed thing : scene.things()) {
      counts.merge(first.computeIfAbsent(thing.concept(), concept -> thing), 1, Integer::sum);
    }
    return counts;
  }

  private static String text(Scene scene) {
    String text = "text " + scene.text();
    if (scene.things().isEmpty()) {
      return text;
    }
    return text + ", " + textDirection(scene) + " " + thing(scene.things().get(0));
  }

  /** Where the text is, seen from the thing: above or below. */
  static String textDirection(Scene scene) {
    Scene.Writing writing = scene.writing();
    boolean above = writing != null && writing.y() < scene.things().get(0).y();
    return above ? "above" : "below";
  }
}
