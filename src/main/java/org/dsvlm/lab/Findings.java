/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.lab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeSet;
import org.dsvlm.eval.result.Bootstrap;
import org.jspecify.annotations.Nullable;

/** What the results of a comparison's arms say: means, deviations, and differences of pairs. */
final class Findings {
  /** Fewer pairs say nothing about their spread. */
  private static final int FEWEST_PAIRS = 3;

  private final Comparison comparison;

  /** By arm's name, then by seed. */
  private final Map<String, SortedMap<Long, ArmResult>> results;

  Findings(Comparison comparison, Map<String, SortedMap<Long, ArmResult>> results) {
    this.comparison = comparison;
    this.results = results;
  }

  /**
   * A figure of one arm.
   *
   * @param deviation that of a sample; NaN of fewer than two seeds
   */
  record Summary(int seeds, double mean, double deviation) {}

  /** The verdict of the data on a claim. */
  enum Verdict {
    SUPPORTED("support"),
    CONTRADICTED("contradict"),
    UNDECIDED("do not decide"),
    TOO_FEW("are too few to tell");

    private final String words;

    Verdict(String words) {
      this.words = words;
    }

    /** After "the data". */
    String words() {
      return words;
    }
  }

  /**
   * A claim before the data.
   *
   * @param pairs seeds that both arms were run with
   * @param interval of the better one's figure less the other's; null without pairs
   */
  record Finding(Claim claim, int pairs, Bootstrap.@Nullable Interval interval, Verdict verdict) {}

  /** How many results there are for an arm. */
  int seeds(Arm arm) {
    return of(arm.name()).size();
  }

  /** How many runs the figures are of, and how long they took, in a sentence. */
  String runs() {
    List<ArmResult> all = results.values().stream().flatMap(own -> own.values().stream()).toList();
    double minutes =
        all.stream().mapToDouble(one -> number(one.made().getOrDefault("minutes", ""))).sum();
    return all.isEmpty()
        ? ""
        : String.format(
            Locale.ROOT,
            "The %d runs took %.1f minutes, one after the other.",
            all.size(),
            minutes);
  }

  private static double number(String text) {
    return text.matches("\\d+(\\.\\d+)?") ? Double.parseDouble(text) : 0;
  }

  private SortedMap<Long, ArmResult> of(String arm) {
    return Objects.requireNonNull(results.get(arm), arm);
  }

  /** What the comparison asks for and no run has: its column would be empty. */
  List<Measure> withoutFigures() {
    return comparison.measures().stream()
        .filter(
            measure ->
                comparison.arms().stream().allMatch(arm -> summary(arm, measure).seeds() == 0))
        .toList();
  }

  /** Mean and deviation over the seeds that have the figure. */
  Summary summary(Arm arm, Measure measure) {
    double[] values =
        of(arm.name()).values().stream()
            .mapToDouble(result -> value(result, measure))
            .filter(Double::isFinite)
            .toArray();
    double mean = Arrays.stream(values).average().orElse(Double.NaN);
    double squares = Arrays.stream(values).map(value -> (value - mean) * (value - mean)).sum();
    double deviation = values.length < 2 ? Double.NaN : Math.sqrt(squares / (values.length - 1));
    return new Summary(values.length, mean, deviation);
  }

  private static double value(ArmResult result, Measure measure) {
    return result.figures().getOrDefault(measure.key(), Double.NaN);
  }

  /** Each claim with its verdict. */
  List<Finding> findings() {
    return comparison.claims().stream().map(this::finding).toList();
  }

  private Finding finding(Claim claim) {
    Map<Long, ArmResult> better = of(claim.better());
    Map<Long, ArmResult> other = of(claim.than());
    List<double[]> pairs = new ArrayList<>();
    for (long seed : new TreeSet<>(better.keySet())) {
      if (other.containsKey(seed)) {
        double[] pair = {
          value(Objects.requireNonNull(other.get(seed)), claim.measure()),
          value(Objects.requireNonNull(better.get(seed)), claim.measure())
        };
        if (Double.isFinite(pair[0]) && Double.isFinite(pair[1])) {
          pairs.add(pair);
        }
      }
    }
    if (pairs.isEmpty()) {
      return new Finding(claim, 0, null, Verdict.TOO_FEW);
    }
    Bootstrap.Interval interval =
        Bootstrap.compareMeans(
            pairs.stream().mapToDouble(pair -> pair[0]).toArray(),
            pairs.stream().mapToDouble(pair -> pair[1]).toArray());
    return new Finding(claim, pairs.size(), interval, verdict(claim, pairs.size(), interval));
  }

  private static Verdict verdict(Claim claim, int pairs, Bootstrap.Interval interval) {
    if (pairs < FEWEST_PAIRS) {
      return Verdict.TOO_FEW;
    }
    if (!interval.isMoreThanChance()) {
      return Verdict.UNDECIDED;
    }
    boolean rises = interval.low() > 0;
    return rises == claim.measure().higherIsBetter() ? Verdict.SUPPORTED : Verdict.CONTRADICTED;
  }

  /** One sentence: what the data support, contradict, and leave open. */
  String sentence() {
    Map<Verdict, List<String>> byVerdict = new LinkedHashMap<>();
    for (Verdict verdict : Verdict.values()) {
      byVerdict.put(verdict, new ArrayList<>());
    }
    for (Finding finding : findings()) {
      Objects.requireNonNull(byVerdict.get(finding.verdict())).add(words(finding));
    }
    List<String> parts = new ArrayList<>();
    byVerdict.forEach(
        (verdict, claims) -> {
          if (!claims.isEmpty()) {
            String link = verdict.ordinal() < Verdict.UNDECIDED.ordinal() ? " that " : " whether ";
            parts.add(verdict.words() + link + String.join(", and" + link, claims));
          }
        });
    return parts.isEmpty() ? "" : "The data " + String.join("; they ", parts) + ".";
  }

  private static String words(Finding finding) {
    Claim claim = finding.claim();
    String text =
        String.format(
            Locale.ROOT,
            "%s has a %s than %s",
            claim.better(),
            claim.measure().better(),
            claim.than());
    Bootstrap.Interval interval = finding.interval();
    return interval == null
        ? text
        : text
            + String.format(
                Locale.ROOT,
                " (%s %s over %d seeds)",
                claim.measure().difference(interval.difference()),
                claim.measure().interval(interval.low(), interval.high()),
                finding.pairs());
  }
}
