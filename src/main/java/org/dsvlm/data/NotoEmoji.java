/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.dsvlm.io.DsVlmException;

/**
 * One emoji of the Noto set, with what the Unicode CLDR says about it.
 *
 * @param code its code points in hexadecimal, joined by hyphens
 * @param sheet number of the strip that shows it
 * @param row its place on that strip, from the top
 * @param name the CLDR short name as running text ("flag of Norway", "hot pepper")
 * @param group one of the nine CLDR groups ("Food &amp; Drink")
 * @param subgroup finer than group ("food-vegetable")
 * @param keywords search words, possibly none
 * @param colour the one word for its colour, where a rule on its pixels gives one
 */
public record NotoEmoji(
    String code,
    int sheet,
    int row,
    String name,
    String group,
    String subgroup,
    List<String> keywords,
    Optional<String> colour) {
  private static final String INDEX = "noto_index.tsv";
  private static final int FIELDS = 8;

  /**
   * Flags drawn exactly like another country's: Clipperton Island (France), Ceuta and Melilla
   * (Spain), Svalbard and Jan Mayen (Norway), U.S. Outlying Islands (United States). No model could
   * name them.
   */
  private static final Set<String> INDISTINGUISHABLE =
      Set.of("1f1e8-1f1f5", "1f1ea-1f1e6", "1f1f8-1f1ef", "1f1fa-1f1f2");

  /** Every emoji whose picture is its own, in the index's order. */
  static List<NotoEmoji> all() {
    try (InputStream stream = NotoEmoji.class.getResourceAsStream(INDEX)) {
      if (stream == null) {
        throw new DsVlmException(INDEX + " is not on the class path; build the project anew");
      }
      try (BufferedReader lines =
          new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
        return lines
            .lines()
            .skip(1)
            .map(NotoEmoji::parse)
            .filter(emoji -> !INDISTINGUISHABLE.contains(emoji.code()))
            .toList();
      }
    } catch (IOException e) {
      throw new DsVlmException(INDEX + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static NotoEmoji parse(String line) {
    String[] fields = line.split("\t", -1);
    if (fields.length != FIELDS) {
      throw new DsVlmException(INDEX + ": " + fields.length + " fields in the line '" + line + "'");
    }
    return new NotoEmoji(
        fields[0],
        Integer.parseInt(fields[1]),
        Integer.parseInt(fields[2]),
        runningText(fields[3], fields[5]),
        fields[4],
        fields[5],
        Arrays.stream(fields[6].split(",")).filter(word -> !word.isBlank()).toList(),
        colour(fields[7], fields[3]));
  }

  /**
   * The index's colour, but for "orange": its rule says that of brown, beige and pink things too.
   */
  private static Optional<String> colour(String colour, String name) {
    boolean doubtful = colour.equals("orange") && !name.contains("orange");
    return Optional.of(colour).filter(word -> !word.isEmpty() && !doubtful);
  }

  /**
   * The name with typewriter quotes, with "flag of" before countries, and with "clock face" before
   * a bare time of day: "twelve-thirty" alone does not say what is seen.
   */
  private static String runningText(String name, String subgroup) {
    String plain = name.replace('’', '\'').replace('“', '"').replace('”', '"');
    if (subgroup.endsWith("-flag") && plain.startsWith("flag ")) {
      return "flag of " + plain.substring("flag ".length());
    }
    boolean timeOfDay = plain.endsWith("-thirty") || plain.endsWith(" o'clock");
    return subgroup.equals("time") && timeOfDay ? "clock face at " + plain : plain;
  }
}
