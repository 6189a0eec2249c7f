/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.table;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PythonLiteralTest {
  private static Object value(String text) {
    return PythonLiteral.parse(text).orElseThrow().value();
  }

  @Test
  void readsWhatAstLiteralEvalReads() {
    assertThat(value("['a', \"it's\", 'x\\'y', r'\\d', '\\u00e4\\x41\\n']"))
        .isEqualTo(List.of("a", "it's", "x'y", "\\d", "äA\n"));
    assertThat(value(" [1, -2.5, True, None, 1_000, 1e3, nan] "))
        .isEqualTo(
            Arrays.asList(
                BigInteger.ONE, -2.5, true, null, BigInteger.valueOf(1000), 1000.0, Double.NaN));
    assertThat(value("{'a': [1], 'b': ('x',)}"))
        .isEqualTo(Map.of("a", List.of(BigInteger.ONE), "b", List.of("x")));
    assertThat(value("('x')")).isEqualTo("x");
    assertThat(value("'one' 'two'")).isEqualTo("onetwo");
    assertThat(value("'''a\nb'''")).isEqualTo("a\nb");
    assertThat(value("[]")).isEqualTo(List.of());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "__import__('os').system('true')",
        "[x for x in y]",
        "1 + 1",
        "open('f')",
        "['a'",
        "['a' 1]",
        "[,]",
        "'a",
        "'\\x4'",
        "{'a'}",
        "word",
        "f'{x}'",
        ""
      })
  void refusesWhatIsNoLiteral(String text) {
    assertThat(PythonLiteral.parse(text)).isEmpty();
  }

  @Test
  void refusesWhatIsNestedTooDeep() {
    assertThat(PythonLiteral.parse("[".repeat(100_000))).isEmpty();
  }

  @Test
  void numbersAreThoseOfPython() {
    assertThat(PythonText.integer(" +1_0 ")).contains(BigInteger.TEN);
    assertThat(PythonText.integer("5.0")).isEmpty();
    assertThat(PythonText.integer("١٢")).contains(BigInteger.valueOf(12));
    assertThat(PythonText.real("1d")).isEmpty();
    assertThat(PythonText.real("0x1p3")).isEmpty();
    assertThat(PythonText.real(".5e1")).contains(5.0);
    assertThat(PythonText.real("٥")).contains(5.0);
    assertThat(PythonText.real("-Infinity")).contains(Double.NEGATIVE_INFINITY);
    assertThat(PythonText.repr(1e16)).isEqualTo("1e+16");
    assertThat(PythonText.repr(123456789012345.6)).isEqualTo("123456789012345.6");
    assertThat(PythonText.repr(0.0001)).isEqualTo("0.0001");
    assertThat(PythonText.repr(0.00001234)).isEqualTo("1.234e-05");
    assertThat(PythonText.repr(2e-3)).isEqualTo("0.002");
    assertThat(PythonText.repr(-100)).isEqualTo("-100.0");
    assertThat(PythonText.split(" a\u00a0b\u001cc ")).containsExactly("a", "b", "c");
  }
}
