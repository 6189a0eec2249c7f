/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import java.util.List;
import java.util.function.IntPredicate;

/** A part of a regular expression, which tries its ways in the order of preference. */
@FunctionalInterface
interface RegexNode {
  /** What matches nothing, everywhere. */
  RegexNode EMPTY = (search, at, next) -> next.test(at);

  /** Farthest that a look-behind reaches back. */
  int FARTHEST = 255;

  /** Whether this matches at {@code at} so that {@code next} accepts the place behind it. */
  boolean match(BoundedRegex.Search search, int at, IntPredicate next);

  /** How often something is repeated, and which number is tried first. */
  record Count(int least, int most, Preference preference) {
    enum Preference {
      MOST,
      FEWEST,
      /** As many as can be, and never fewer. */
      POSSESSIVE
    }
  }

  /** One code point. */
  record One(IntPredicate set) implements RegexNode {
    @Override
    public boolean match(BoundedRegex.Search search, int at, IntPredicate next) {
      int end = after(search, at);
      return end > at && next.test(end);
    }

    /** The place behind a code point of the set at {@code at}; {@code at} if there is none. */
    int after(BoundedRegex.Search search, int at) {
      search.step();
      if (at >= search.text().length()) {
        return at;
      }
      int point = search.text().codePointAt(at);
      return set.test(point) ? at + Character.charCount(point) : at;
    }

    /** Without recursion, since most repetitions are of one character, and long. */
    boolean repeat(BoundedRegex.Search search, int at, Count count, IntPredicate next) {
      boolean few = count.preference() == Count.Preference.FEWEST;
      int end = at;
      int times = 0;
      while (times < (few ? count.least() : count.most())) {
        int after = after(search, end);
        if (after == end) {
          break;
        }
        end = after;
        times++;
      }
      if (times < count.least()) {
        return false;
      }
      if (count.preference() == Count.Preference.POSSESSIVE) {
        return next.test(end);
      }
      while (true) {
        search.step();
        if (next.test(end)) {
          return true;
        }
        if (few) {
          int after = times < count.most() ? after(search, end) : end;
          if (after == end) {
            return false;
          }
          end = after;
          times++;
        } else {
          if (times == count.least()) {
            return false;
          }
          end -= Character.charCount(search.text().codePointBefore(end));
          times--;
        }
      }
    }
  }

  /** One after the other. */
  static RegexNode sequence(List<RegexNode> parts) {
    RegexNode whole = EMPTY;
    for (int i = parts.size() - 1; i >= 0; i--) {
      RegexNode first = parts.get(i);
      RegexNode rest = whole;
      whole =
          rest == EMPTY
              ? first
              : (search, at, next) -> first.match(search, at, end -> rest.match(search, end, next));
    }
    return whole;
  }

  /** The first that fits. */
  static RegexNode either(List<RegexNode> ways) {
    if (ways.size() == 1) {
      return ways.get(0);
    }
    return (search, at, next) -> {
      for (RegexNode way : ways) {
        search.step();
        if (way.match(search, at, next)) {
          return true;
        }
      }
      return false;
    };
  }

  /** {@code body} as often as {@code count} says. */
  static RegexNode repeat(RegexNode body, Count count) {
    if (body instanceof One one) {
      return (search, at, next) -> one.repeat(search, at, count, next);
    }
    if (count.preference() == Count.Preference.POSSESSIVE) {
      Count greedy = new Count(count.least(), count.most(), Count.Preference.MOST);
      return atomic((search, at, next) -> again(body, greedy, 0, search, at, next));
    }
    return (search, at, next) -> again(body, count, 0, search, at, next);
  }

  private static boolean again(
      RegexNode body,
      Count count,
      int times,
      BoundedRegex.Search search,
      int at,
      IntPredicate next) {
    search.step();
    boolean enough = times >= count.least();
    boolean few = count.preference() == Count.Preference.FEWEST;
    if (enough && few && next.test(at)) {
      return true;
    }
    // What matched nothing once would do so for ever.
    boolean more =
        times < count.most()
            && body.match(
                search,
                at,
                end ->
                    end == at ? next.test(end) : again(body, count, times + 1, search, end, next));
    return more || (enough && !few && next.test(at));
  }

  /** The first way of {@code body} alone. */
  static RegexNode atomic(RegexNode body) {
    return (search, at, next) -> {
      int[] end = {-1};
      boolean found =
          body.match(
              search,
              at,
              last -> {
                end[0] = last;
                return true;
              });
      return found && next.test(end[0]);
    };
  }

  /** Whether {@code body} follows, or does not if {@code negated}; takes nothing. */
  static RegexNode ahead(RegexNode body, boolean negated) {
    return (search, at, next) -> body.match(search, at, end -> true) != negated && next.test(at);
  }

  /** Whether {@code body} ends here, or does not if {@code negated}; takes nothing. */
  static RegexNode behind(RegexNode body, boolean negated) {
    return (search, at, next) -> {
      boolean found = false;
      for (int from = at; !found && from >= Math.max(0, at - FARTHEST); from--) {
        search.step();
        found = body.match(search, from, end -> end == at);
      }
      return found != negated && next.test(at);
    };
  }

  /** A place between characters. */
  @FunctionalInterface
  interface Place {
    boolean is(String text, int at);
  }

  /** Takes nothing where {@code place} holds. */
  static RegexNode place(Place place) {
    return (search, at, next) -> {
      search.step();
      return place.is(search.text(), at) && next.test(at);
    };
  }
}
