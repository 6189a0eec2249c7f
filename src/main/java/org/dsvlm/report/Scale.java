/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.report;

import java.util.ArrayList;
import java.util.List;

/**
 * An axis from {@code low} to {@code high}, below it {@code from} and {@code to} on the page.
 *
 * @param logarithmic whether equal distances are equal factors; both ends are above 0 then
 */
record Scale(double low, double high, double from, double to, boolean logarithmic) {
  private static final double ROOM = 0.05;
  private static final int MOST_TICKS = 6;
  private static final double MANY_FACTORS = 100;

  /** From the lowest to the highest of {@code values}, with a little room around them. */
  static Scale around(double lowest, double highest, double from, double to, boolean logarithmic) {
    if (logarithmic) {
      double factor = lowest == highest ? 2 : Math.pow(highest / lowest, ROOM);
      return new Scale(lowest / factor, highest * factor, from, to, true);
    }
    double room = (highest - lowest) * ROOM;
    if (lowest == highest) {
      room = lowest == 0 ? 1 : Math.abs(lowest) / 2;
    }
    double low = lowest >= 0 ? Math.max(0, lowest - room) : lowest - room;
    return new Scale(low, highest + room, from, to, false);
  }

  /** Where {@code value} lies on the page. */
  double at(double value) {
    double share =
        logarithmic ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
    return from + share * (to - from);
  }

  /** Round numbers along it. */
  List<Double> ticks() {
    return logarithmic ? factors() : sums();
  }

  private List<Double> sums() {
    double rough = (high - low) / MOST_TICKS;
    double power = Math.pow(10, Math.floor(Math.log10(rough)));
    double step = 10 * power;
    for (double round : new double[] {1, 2, 5}) {
      if (round * power >= rough) {
        step = round * power;
        break;
      }
    }
    List<Double> ticks = new ArrayList<>();
    for (long i = (long) Math.ceil(low / step); i * step <= high; i++) {
      ticks.add(i * step);
    }
    return ticks;
  }

  /** Powers of ten, of which some are left out where they are many, or 1, 2 and 5 of each. */
  private List<Double> factors() {
    int first = (int) Math.floor(Math.log10(low));
    int last = (int) Math.ceil(Math.log10(high));
    int every = Math.max(1, (last - first + MOST_TICKS - 1) / MOST_TICKS);
    double[] rounds = high / low < MANY_FACTORS ? new double[] {1, 2, 5} : new double[] {1};
    List<Double> ticks = new ArrayList<>();
    for (int power = first; power <= last; power += every) {
      for (double round : rounds) {
        double tick = round * Math.pow(10, power);
        if (tick >= low && tick <= high) {
          ticks.add(tick);
        }
      }
    }
    return ticks;
  }
}
