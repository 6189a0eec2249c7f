/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.dsvlm.io.BoundedRegex.Dialect;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BoundedRegexTest {
  private static final String TEXT =
      "Hello, WORLD's 123  the\n\n 'tis a--b é\u0301 世界ー aaaab abab \t\r\n x_y.9 𝔸𝔹 end ";

  /** Java's engine knows all of these, and finds the same. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
            + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "a+?b|(?:ab)+c?|\\w+\\b",
        "(?<=a)b|(?<!a)b",
        "(?>a+)b|a{2}",
        "a++b|[a-c&&[^b]]+",
        "(a|b)+?b",
        "(?:a|ab)*b|\\.\\d",
        "^\\s*\\S+|\\S+$",
        "\\x41|\\u0065|\\x{1D538}.",
        "(?:(?i)hello|world),?",
        "\\B\\w{2,}?\\B",
        "(?=\\w)(?!a).",
        "(a?){3}b"
      })
  void findsWhatJavaFinds(String regex) {
    int flags =
        Pattern.UNICODE_CHARACTER_CLASS
            | Pattern.UNICODE_CASE
            | Pattern.MULTILINE
            | Pattern.UNIX_LINES;
    Matcher java = Pattern.compile(regex, flags).matcher(TEXT);
    List<String> expected = new ArrayList<>();
    while (java.find()) {
      expected.add(java.start() + "-" + java.end());
    }
    BoundedRegex.Search search = BoundedRegex.compile(regex, Dialect.ONIGURUMA).on(TEXT);
    List<String> found = new ArrayList<>();
    int from = 0;
    for (int[] one = search.find(from); one != null; one = search.find(from)) {
      found.add(one[0] + "-" + one[1]);
      int next = one[1];
      if (one[1] == one[0]) {
        next += next < TEXT.length() ? Character.charCount(TEXT.codePointAt(next)) : 1;
      }
      from = next;
      if (from > TEXT.length()) {
        break;
      }
    }
    assertThat(found).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(([a-z_]|[a-z_.0-9])+)+!",
        "[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*\\d",
        "(a*)*b",
        "(a|a)*b",
        "(?:a?){60}(?:|){60}b",
        "((((a{0,9}){0,9}){0,9}){0,9}){0,9}b",
        "(?:(?:){1000}){1000}b"
      })
  void theWorkIsBoundedByTheLength(String regex) {
    BoundedRegex.Search search = BoundedRegex.compile(regex, Dialect.PYTHON).on("a".repeat(5000));
    try {
      assertThat(search.matches()).isFalse();
    } catch (DsVlmException e) {
      assertThat(e)
          .hasMessageStartingWith("the regular expression '")
          .hasMessageContaining("on a text of 5000 characters");
    }
    assertThat(search.steps()).isBetween(1L, BoundedRegex.maxSteps(5000) + 1);
  }

  @Test
  void theDialectsDifferInTheEndsOfLines() {
    assertThat(BoundedRegex.compile("^b$", Dialect.ONIGURUMA).on("a\nb\nc").find(0))
        .containsExactly(2, 3);
    assertThat(BoundedRegex.compile("^b$", Dialect.PYTHON).on("a\nb\nc").find(0)).isNull();
    assertThat(BoundedRegex.compile("b$", Dialect.PYTHON).on("a\nb\n").find(0))
        .containsExactly(2, 3);
  }

  @Test
  void groupsOfPythonAreKnown() {
    BoundedRegex regex =
        BoundedRegex.compile("^(?!.*visual)(?P<path>.*\\.)?(?:q|v)_proj$", Dialect.PYTHON);
    assertThat(regex.matches("model.layers.3.q_proj")).isTrue();
    assertThat(regex.matches("q_proj")).isTrue();
    assertThat(regex.matches("visual.layers.3.q_proj")).isFalse();
    assertThat(regex.matches("model.layers.3.k_proj")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(",
        "a)",
        "[a",
        "[a\\",
        "*",
        "a**",
        "a{1,9}{1,9}",
        "(a)\\1",
        "(?<name>a)\\k<name>",
        "a{2000}",
        "\\",
        "(?m)a",
        "\\h",
        "[\\Q]",
        "{"
      })
  void whatIsNotReadIsNamed(String regex) {
    assertThatThrownBy(() -> BoundedRegex.compile(regex, Dialect.ONIGURUMA))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("'" + regex + "' is no regular expression that is read here: ");
  }

  @Test
  void depthIsBoundedToo() {
    String nested = "(".repeat(990) + ")".repeat(990);
    assertThat(BoundedRegex.compile(nested, Dialect.PYTHON).matches("")).isTrue();
    assertThatThrownBy(() -> BoundedRegex.compile("(".repeat(3000), Dialect.PYTHON))
        .isInstanceOf(DsVlmException.class)
        .hasMessage("a regular expression of 3000 characters; at most 2000");
    BoundedRegex pairs = BoundedRegex.compile("(?:ab)*c", Dialect.PYTHON);
    assertThatThrownBy(() -> pairs.matches("ab".repeat(1_000_000)))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("repeats a group too often on a text of 2000000 characters");
  }
}
