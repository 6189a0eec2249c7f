/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data.nano;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.dsvlm.data.NotoArchive;
import org.dsvlm.data.NotoEmoji;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.RandomState;

/**
 * The things of the world: those of the Noto pictures whose name and category say what is seen.
 * {@code categories.tsv} maps Unicode's subgroups to categories and names the exceptions.
 */
final class Concepts {
  private static final String CATEGORIES = "categories.tsv";
  private static final int MOST_WORDS = 3;

  /** Of each category one in so many is held out. */
  private static final int HELD_OUT_SHARE = 7;

  /**
   * Names that would not fit the questions: with words that are answers themselves, with a gender
   * that 30 pixels do not show, in the plural, or with more than words.
   */
  private static final Pattern UNFIT =
      Pattern.compile(
          "(?i).*\\b(left|right|leftwards|rightwards|up|down|above|below|ground|text|man|woman|men|women)\\b.*"
              + "|.*[^a-z \\-'.].*|.*[^su]s");

  private final List<Concept> all;

  private Concepts(List<Concept> all) {
    this.all = all;
  }

  /** The things that {@code archive} shows, in its order. */
  static Concepts of(NotoArchive archive) {
    Map<String, String> categories = new TreeMap<>();
    Set<String> exceptions = new HashSet<>();
    readCategories(categories, exceptions);
    Map<String, List<NotoEmoji>> byCategory = new TreeMap<>();
    Set<String> names = new HashSet<>();
    for (NotoEmoji emoji : archive.emoji()) {
      String category = categories.get(emoji.subgroup());
      if (category != null
          && !exceptions.contains(emoji.name())
          && !namesAnother(emoji, category, categories)
          && fits(emoji, names)) {
        byCategory.computeIfAbsent(category, key -> new ArrayList<>()).add(emoji);
      }
    }
    List<Concept> all = new ArrayList<>();
    byCategory.forEach((category, emoji) -> add(archive, category, emoji, all));
    return new Concepts(all);
  }

  /** Whether the name holds the name of another category: a "cat face" is an animal and a face. */
  private static boolean namesAnother(
      NotoEmoji emoji, String category, Map<String, String> categories) {
    Set<String> words = new HashSet<>(List.of(emoji.name().toLowerCase(Locale.ROOT).split(" ")));
    return categories.values().stream()
        .anyMatch(other -> !other.equals(category) && words.contains(other));
  }

  private static boolean fits(NotoEmoji emoji, Set<String> names) {
    String name = emoji.name().toLowerCase(Locale.ROOT);
    return !UNFIT.matcher(name).matches()
        && name.split(" ").length <= MOST_WORDS
        && names.add(name);
  }

  /** Which of a category are held out depends on their codes alone. */
  private static void add(
      NotoArchive archive, String category, List<NotoEmoji> emoji, List<Concept> all) {
    RandomState hash = new RandomState(0).fork("nano concepts");
    Comparator<NotoEmoji> byHash = Comparator.comparingLong(one -> hash.fork(one.code()).seed());
    Set<NotoEmoji> heldOut =
        new HashSet<>(
            emoji.stream()
                .sorted(byHash)
                .limit(Math.max(1, emoji.size() / HELD_OUT_SHARE))
                .toList());
    for (NotoEmoji one : emoji) {
      Optional<String> colour =
          one.colour().filter(word -> PixelColour.isMostly(word, archive.argb(one)));
      all.add(new Concept(one, category, colour, heldOut.contains(one)));
    }
  }

  private static void readCategories(Map<String, String> categories, Set<String> exceptions) {
    try (InputStream stream = Concepts.class.getResourceAsStream(CATEGORIES)) {
      if (stream == null) {
        throw new DsVlmException(CATEGORIES + " is not on the class path; build the project anew");
      }
      try (BufferedReader lines =
          new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
        lines
            .lines()
            .filter(line -> !line.startsWith("#"))
            .map(line -> line.split("\t"))
            .forEach(
                line -> {
                  for (String entry : line[1].split(";")) {
                    if (line[0].equals("-")) {
                      exceptions.add(entry);
                    } else {
                      categories.put(entry, line[0]);
                    }
                  }
                });
      }
    } catch (IOException e) {
      throw new DsVlmException(CATEGORIES + ": cannot be read: " + e.getMessage(), e);
    }
  }

  List<Concept> all() {
    return all;
  }

  /** Those that training may show, or those that it may not. */
  List<Concept> part(boolean heldOut) {
    return all.stream().filter(concept -> concept.heldOut() == heldOut).toList();
  }

  /** The categories in the order of the alphabet. */
  List<String> categories() {
    return all.stream().map(Concept::category).distinct().sorted().toList();
  }
}
