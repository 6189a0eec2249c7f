/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.result;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.dsvlm.eval.Figure;
import org.dsvlm.eval.Unit;

/**
 * The paired bootstrap (Efron and Tibshirani 1993, chapter 16): the same units are drawn with
 * replacement for both models, and the difference of their scores is taken each time. Units with
 * different terms, such as MME's categories, are drawn each among their own kind, so that none
 * vanishes.
 */
public final class Bootstrap {
  static final int DRAWS = 10_000;

  private static final double TAIL = 0.025;
  private static final long SEED = 20_26;

  /**
   * A difference and the interval that holds 95 % of the drawn ones.
   *
   * @param difference second less first
   */
  public record Interval(double first, double second, double difference, double low, double high) {
    /** Whether the interval does not hold 0. */
    public boolean isMoreThanChance() {
      return low > 0 || high < 0;
    }
  }

  /** One term of the score over all units: gained and attainable for either model. */
  private record Term(double weight, double[][] shares) {}

  private Bootstrap() {}

  /** Compares; {@code first} and {@code second} hold the same units in the same order. */
  static Interval compare(Figure figure, List<Unit> first, List<Unit> second) {
    List<Term> terms = terms(figure, first, second);
    List<int[]> strata = strata(first);
    SplittableRandom random = new SplittableRandom(SEED);
    double[] differences = new double[DRAWS];
    int[] counts = new int[first.size()];
    for (int draw = 0; draw < DRAWS; draw++) {
      Arrays.fill(counts, 0);
      for (int[] stratum : strata) {
        for (int i = 0; i < stratum.length; i++) {
          counts[stratum[random.nextInt(stratum.length)]]++;
        }
      }
      differences[draw] = difference(terms, counts);
    }
    Arrays.sort(differences);
    double one = figure.of(first);
    double other = figure.of(second);
    return new Interval(
        one, other, other - one, quantile(differences, TAIL), quantile(differences, 1 - TAIL));
  }

  /**
   * Compares the means of pairs of figures, such as those of two runs with one seed: the pairs are
   * drawn.
   *
   * @throws IllegalArgumentException if there are no pairs, or not as many of either
   */
  public static Interval compareMeans(double[] first, double[] second) {
    int pairs = first.length;
    if (pairs == 0 || pairs != second.length) {
      throw new IllegalArgumentException(pairs + " and " + second.length + " figures");
    }
    SplittableRandom random = new SplittableRandom(SEED);
    double[] differences = new double[DRAWS];
    for (int draw = 0; draw < DRAWS; draw++) {
      double sum = 0;
      for (int i = 0; i < pairs; i++) {
        int chosen = random.nextInt(pairs);
        sum += second[chosen] - first[chosen];
      }
      differences[draw] = sum / pairs;
    }
    Arrays.sort(differences);
    double one = Arrays.stream(first).average().orElseThrow();
    double other = Arrays.stream(second).average().orElseThrow();
    return new Interval(
        one, other, other - one, quantile(differences, TAIL), quantile(differences, 1 - TAIL));
  }

  private static List<Term> terms(Figure figure, List<Unit> first, List<Unit> second) {
    Set<String> names = new TreeSet<>();
    first.forEach(unit -> names.addAll(unit.terms().keySet()));
    List<Term> terms = new ArrayList<>();
    for (String name : names) {
      double[][] shares = new double[4][first.size()];
      for (int i = 0; i < first.size(); i++) {
        Unit.Share one = first.get(i).terms().getOrDefault(name, Unit.Share.NONE);
        Unit.Share other = second.get(i).terms().getOrDefault(name, Unit.Share.NONE);
        shares[0][i] = one.gained();
        shares[1][i] = one.attainable();
        shares[2][i] = other.gained();
        shares[3][i] = other.attainable();
      }
      terms.add(new Term(figure.weight(name), shares));
    }
    return terms;
  }

  private static List<int[]> strata(List<Unit> units) {
    Map<Set<String>, List<Integer>> strata = new LinkedHashMap<>();
    for (int i = 0; i < units.size(); i++) {
      strata.computeIfAbsent(units.get(i).terms().keySet(), key -> new ArrayList<>()).add(i);
    }
    return strata.values().stream()
        .map(stratum -> stratum.stream().mapToInt(Integer::intValue).toArray())
        .toList();
  }

  private static double difference(List<Term> terms, int[] counts) {
    double difference = 0;
    for (Term term : terms) {
      double[] sums = new double[4];
      for (int side = 0; side < 4; side++) {
        double[] shares = term.shares()[side];
        double sum = 0;
        for (int i = 0; i < counts.length; i++) {
          sum += counts[i] * shares[i];
        }
        sums[side] = sum;
      }
      difference += term.weight() * (sums[2] / sums[3] - sums[0] / sums[1]);
    }
    return difference;
  }

  private static double quantile(double[] sorted, double share) {
    return sorted[(int) Math.round(share * (sorted.length - 1))];
  }
}
