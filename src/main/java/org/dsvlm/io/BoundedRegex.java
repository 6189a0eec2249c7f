/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * A regular expression that came with someone's file, matched with work that grows with the text
 * and no faster. Every test of a character and every way that is tried counts as one step; a text
 * that takes more than {@link #maxSteps} is refused. {@code java.util.regex} has no such bound, and
 * the engine behind the tokenizers library ends the process where it meets its own.
 *
 * <p>Known are literals, classes, groups, alternatives, repetitions of all three kinds, look-ahead
 * and look-behind, anchors and the flag {@code i}. Back references are not.
 */
public final class BoundedRegex {
  private static final long STEPS_FOR_ANY = 100_000;
  private static final long STEPS_PER_CHARACTER = 500;

  /** Longest expression; the published ones have some 400 characters. */
  private static final int LONGEST = 2000;

  private static final int SHOWN = 100;

  /** Whose rules hold where they differ. */
  public enum Dialect {
    /** {@code re} of Python: {@code ^} and {@code $} stand for the ends of the text. */
    PYTHON,
    /** Oniguruma in Ruby's syntax, as tokenizers have it: they stand for the ends of a line. */
    ONIGURUMA
  }

  private final String regex;
  private final RegexNode root;
  private final String where;

  private BoundedRegex(String regex, RegexNode root, String where) {
    this.regex = regex;
    this.root = root;
    this.where = where;
  }

  /**
   * Reads {@code regex}.
   *
   * @throws DsVlmException if it is not sound, too long, or holds what is not known here
   */
  public static BoundedRegex compile(String regex, Dialect dialect) {
    if (regex.length() > LONGEST) {
      throw new DsVlmException(
          "a regular expression of " + regex.length() + " characters; at most " + LONGEST);
    }
    try {
      return new BoundedRegex(regex, new RegexParser(regex, dialect).parse(), "");
    } catch (StackOverflowError e) {
      throw new DsVlmException(shown(regex) + " nests its groups too deeply", e);
    }
  }

  /** The same expression; its errors begin with {@code place}, such as a file and its key. */
  public BoundedRegex from(String place) {
    return new BoundedRegex(regex, root, place + ": ");
  }

  /** Whether the whole of {@code text} matches. */
  public boolean matches(String text) {
    return on(text).matches();
  }

  /** The most steps of one {@link Search} in a text of {@code length} characters. */
  public static long maxSteps(int length) {
    return STEPS_FOR_ANY + STEPS_PER_CHARACTER * length;
  }

  /** A search for one match after the other in {@code text}. */
  public Search on(String text) {
    return new Search(text);
  }

  @Override
  public String toString() {
    return regex;
  }

  private static String shown(String regex) {
    return "'" + (regex.length() <= SHOWN ? regex : regex.substring(0, SHOWN) + "…") + "'";
  }

  /** Matching on one text, with the steps that it has taken. */
  public final class Search {
    private final String text;
    private final long most;
    private long steps;
    private int end;

    private Search(String text) {
      this.text = text;
      this.most = maxSteps(text.length());
    }

    /**
     * Whether the whole text matches.
     *
     * @throws DsVlmException if that takes too many steps
     */
    public boolean matches() {
      return attempt(0, end -> end == text.length());
    }

    /**
     * Looks for the first match that begins at {@code from} or later.
     *
     * @return its begin and end; nothing if there is none
     * @throws DsVlmException if that takes too many steps
     */
    public int @Nullable [] find(int from) {
      for (int at = from; at <= text.length(); at++) {
        boolean inside = at > 0 && at < text.length() && Character.isLowSurrogate(text.charAt(at));
        if (!inside && attempt(at, ignored -> true)) {
          return new int[] {at, end};
        }
      }
      return null;
    }

    private boolean attempt(int at, IntPredicate accepts) {
      try {
        return root.match(
            this,
            at,
            last -> {
              end = last;
              return accepts.test(last);
            });
      } catch (StackOverflowError e) {
        throw new DsVlmException(
            where
                + "the regular expression "
                + shown(regex)
                + " repeats a group too often on a text of "
                + length(),
            e);
      }
    }

    /** Steps so far. */
    public long steps() {
      return steps;
    }

    String text() {
      return text;
    }

    void step() {
      if (++steps > most) {
        throw new DsVlmException(
            where
                + "the regular expression "
                + shown(regex)
                + " takes more than "
                + most
                + " steps on a text of "
                + length()
                + "; write it without repetitions that overlap");
      }
    }

    private String length() {
      return text.length() + " characters";
    }
  }
}
