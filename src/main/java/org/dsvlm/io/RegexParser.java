/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.dsvlm.io.BoundedRegex.Dialect;
import org.dsvlm.io.RegexNode.Count.Preference;
import org.jspecify.annotations.Nullable;

/** Reads a regular expression into {@link RegexNode}s. Sets of characters are left to Java's. */
final class RegexParser {
  /** The highest count of a repetition. */
  private static final int MOST = 1000;

  private static final Pattern COUNT = Pattern.compile("\\{(\\d{0,9})(,?)(\\d{0,9})\\}");
  private static final Pattern GROUP =
      Pattern.compile("\\?(?:(:|>|=|!|<=|<!)|P?<\\w+>|(-?i)(:|\\)))");

  /** Escapes that name a set or a code point in the same way here and there. */
  private static final Pattern SET =
      Pattern.compile(
          "\\\\(?:[pP]\\{\\^?\\w+\\}|[pP]\\w|[dDwWsSnrtf]|x\\{?\\p{XDigit}+\\}?|u\\p{XDigit}{4})");

  private static final IntPredicate WORD = set("\\w", false);

  private final String regex;
  private final Dialect dialect;
  private boolean ignoreCase;
  private int at;

  RegexParser(String regex, Dialect dialect) {
    this.regex = regex;
    this.dialect = dialect;
  }

  /**
   * The whole expression.
   *
   * @throws DsVlmException if it is not sound or not known
   */
  RegexNode parse() {
    RegexNode whole = alternatives();
    if (at < regex.length()) {
      throw fault("a ')' without its '('");
    }
    return whole;
  }

  private DsVlmException fault(String problem) {
    return new DsVlmException(
        "'" + regex + "' is no regular expression that is read here: " + problem + " at " + at);
  }

  private boolean more() {
    return at < regex.length();
  }

  private boolean take(char wanted) {
    boolean there = more() && regex.charAt(at) == wanted;
    at += there ? 1 : 0;
    return there;
  }

  private RegexNode alternatives() {
    boolean outer = ignoreCase;
    List<RegexNode> ways = new ArrayList<>();
    do {
      List<RegexNode> parts = new ArrayList<>();
      while (more() && regex.charAt(at) != '|' && regex.charAt(at) != ')') {
        parts.add(repeated());
      }
      ways.add(RegexNode.sequence(parts));
    } while (take('|'));
    ignoreCase = outer;
    return RegexNode.either(ways);
  }

  private RegexNode repeated() {
    RegexNode body = atom();
    RegexNode.Count count = count();
    if (count == null) {
      return body;
    }
    RegexNode whole = RegexNode.repeat(body, count);
    if (count() != null) {
      throw fault("a repetition of a repetition");
    }
    return whole;
  }

  private RegexNode.@Nullable Count count() {
    if (!more()) {
      return null;
    }
    int least = 0;
    int most = Integer.MAX_VALUE;
    boolean counted = false;
    switch (regex.charAt(at)) {
      case '*' -> at++;
      case '+' -> {
        least = 1;
        at++;
      }
      case '?' -> {
        most = 1;
        at++;
      }
      case '{' -> {
        Matcher matcher = COUNT.matcher(regex).region(at, regex.length());
        if (!matcher.lookingAt() || (matcher.group(1) + matcher.group(3)).isEmpty()) {
          throw fault("a '{' that counts nothing");
        }
        counted = true;
        least = number(matcher.group(1), 0);
        most = matcher.group(2).isEmpty() ? least : number(matcher.group(3), Integer.MAX_VALUE);
        if (least > MOST || (most > MOST && most != Integer.MAX_VALUE) || most < least) {
          throw fault("a count that is not up to " + MOST);
        }
        at = matcher.end();
      }
      default -> {
        return null;
      }
    }
    return new RegexNode.Count(least, most, preference(counted && least == most));
  }

  /** Ruby's syntax takes what follows a count for another repetition in two of the cases. */
  private Preference preference(boolean exact) {
    if (take('?')) {
      if (exact && dialect == Dialect.ONIGURUMA) {
        throw fault("a repetition of a repetition");
      }
      return Preference.FEWEST;
    }
    boolean counted = regex.charAt(at - 1) == '}';
    if (!(counted && dialect == Dialect.ONIGURUMA) && take('+')) {
      return Preference.POSSESSIVE;
    }
    return Preference.MOST;
  }

  private static int number(String digits, int absent) {
    return digits.isEmpty() ? absent : Integer.parseInt(digits);
  }

  private RegexNode atom() {
    switch (regex.charAt(at)) {
      case '(' -> {
        at++;
        return group();
      }
      case '[' -> {
        return one(characterClass());
      }
      case '\\' -> {
        return escape();
      }
      case '.' -> {
        at++;
        return new RegexNode.One(point -> point != '\n');
      }
      case '^' -> {
        at++;
        boolean lines = dialect == Dialect.ONIGURUMA;
        return RegexNode.place(
            (text, place) -> place == 0 || (lines && text.charAt(place - 1) == '\n'));
      }
      case '$' -> {
        at++;
        boolean lines = dialect == Dialect.ONIGURUMA;
        return RegexNode.place(
            (text, place) ->
                place == text.length()
                    || (text.charAt(place) == '\n' && (lines || place == text.length() - 1)));
      }
      case '*', '+', '?', '{', '}' -> throw fault("a repetition of nothing");
      default -> {
        int point = regex.codePointAt(at);
        at += Character.charCount(point);
        return literal(point);
      }
    }
  }

  private RegexNode literal(int point) {
    return ignoreCase
        ? one(Pattern.quote(Character.toString(point)))
        : new RegexNode.One(other -> other == point);
  }

  private RegexNode one(String set) {
    try {
      return new RegexNode.One(set(set, ignoreCase));
    } catch (PatternSyntaxException e) {
      throw fault(e.getDescription() + " in " + set);
    }
  }

  /** Code points of a set in Java's syntax; each is looked up there once. */
  private static IntPredicate set(String set, boolean ignoreCase) {
    int flags = Pattern.UNICODE_CHARACTER_CLASS;
    flags |= ignoreCase ? Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE : 0;
    Pattern pattern = Pattern.compile(set, flags);
    byte[] known = new byte[1 << 12];
    return point -> {
      if (point >= known.length) {
        return pattern.matcher(Character.toString(point)).matches();
      }
      if (known[point] == 0) {
        known[point] = (byte) (pattern.matcher(Character.toString(point)).matches() ? 1 : 2);
      }
      return known[point] == 1;
    };
  }

  private RegexNode group() {
    String kind = "";
    boolean outer = ignoreCase;
    if (more() && regex.charAt(at) == '?') {
      Matcher matcher = GROUP.matcher(regex).region(at, regex.length());
      if (!matcher.lookingAt()) {
        throw fault("a group that is not known");
      }
      at = matcher.end();
      kind = matcher.group(1) == null ? "" : matcher.group(1);
      if (matcher.group(2) != null) {
        ignoreCase = matcher.group(2).equals("i");
        if (matcher.group(3).equals(")")) {
          return RegexNode.EMPTY; // It holds to the end of the group around it.
        }
      }
    }
    RegexNode body = alternatives();
    ignoreCase = outer;
    if (!take(')')) {
      throw fault("a '(' without its ')'");
    }
    return switch (kind) {
      case ">" -> RegexNode.atomic(body);
      case "=" -> RegexNode.ahead(body, false);
      case "!" -> RegexNode.ahead(body, true);
      case "<=" -> RegexNode.behind(body, false);
      case "<!" -> RegexNode.behind(body, true);
      default -> body;
    };
  }

  private RegexNode escape() {
    Matcher set = SET.matcher(regex).region(at, regex.length());
    if (set.lookingAt()) {
      at = set.end();
      return one(set.group());
    }
    at++;
    if (!more()) {
      throw fault("a '\\' at the end");
    }
    char escaped = regex.charAt(at++);
    return switch (escaped) {
      case 'v' -> literal('\u000b');
      case 'a' -> literal('\u0007');
      case 'e' -> literal('\u001b');
      case 'A' -> RegexNode.place((text, place) -> place == 0);
      case 'z' -> RegexNode.place((text, place) -> place == text.length());
      case 'Z' ->
          RegexNode.place(
              (text, place) ->
                  place == text.length()
                      || (dialect == Dialect.ONIGURUMA
                          && place == text.length() - 1
                          && text.charAt(place) == '\n'));
      case 'b' -> RegexNode.place((text, place) -> isBorder(text, place));
      case 'B' -> RegexNode.place((text, place) -> !isBorder(text, place));
      default -> {
        if (Character.isLetterOrDigit(escaped)) {
          throw fault("'\\" + escaped + "', which is not known");
        }
        yield literal(escaped);
      }
    };
  }

  private static boolean isBorder(String text, int place) {
    boolean before = place > 0 && WORD.test(text.codePointBefore(place));
    boolean after = place < text.length() && WORD.test(text.codePointAt(place));
    return before != after;
  }

  /** Passes over {@code [...]}, which may hold others. */
  private String characterClass() {
    int begin = at;
    int depth = 0;
    do {
      if (!more()) {
        throw fault("a '[' without its ']'");
      }
      char letter = regex.charAt(at);
      if (letter == '\\') {
        Matcher set = SET.matcher(regex).region(at, regex.length());
        boolean known = set.lookingAt();
        at += 1;
        if (!more() || (!known && Character.isLetterOrDigit(regex.charAt(at)))) {
          throw fault("an escape that is not known in a set");
        }
      } else if (letter == '[') {
        depth++;
      } else if (letter == ']') {
        depth--;
      }
      at++;
    } while (depth > 0);
    return regex.substring(begin, at);
  }
}
