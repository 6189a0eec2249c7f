/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.dsvlm.io.BoundedRegex;
import org.jspecify.annotations.Nullable;

/**
 * Selects the linear layers that are adapted, by name and with PEFT's rules: a list names layers by
 * the end of their path; a text is a regular expression of the whole path, or {@code all-linear}:
 * every linear layer but the output head. An adapter may come from anyone, so the work of its
 * expressions is bounded.
 *
 * @param modules the listed names; none where {@code expression} or {@code all-linear} decides
 * @param expression of whole paths; none where the list or {@code all-linear} decides
 * @param excluded names that are left out of the list
 * @param excludedExpression of whole paths that are left out
 * @param layers numbers of the layers that the list is confined to; empty for all
 * @param layersPattern what stands before the number of a layer in a path; empty for anything
 */
record LoraTargets(
    @Nullable List<String> modules,
    @Nullable BoundedRegex expression,
    List<String> excluded,
    @Nullable BoundedRegex excludedExpression,
    List<Integer> layers,
    List<String> layersPattern) {

  /** PEFT's name for all linear layers but the head. */
  static final String ALL_LINEAR = "all-linear";

  private static final String HEAD = "lm_head";
  private static final String ANY_NAME = ".*\\.[^.]*";
  private static final Pattern NUMBER = Pattern.compile("\\.(\\d{1,9})(?=\\.)");

  /** The target {@code text} alone: {@code all-linear} or a regular expression. */
  static LoraTargets of(String text) {
    return new LoraTargets(null, expression(text), List.of(), null, List.of(), List.of());
  }

  /** The listed names alone. */
  static LoraTargets of(List<String> modules) {
    return new LoraTargets(modules, null, List.of(), null, List.of(), List.of());
  }

  /** {@code text} compiled; nothing for {@code all-linear}. */
  static @Nullable BoundedRegex expression(String text) {
    return text.toLowerCase(Locale.ROOT).equals(ALL_LINEAR) ? null : regex(text);
  }

  private static BoundedRegex regex(String text) {
    return BoundedRegex.compile(text, BoundedRegex.Dialect.PYTHON);
  }

  /** {@code text} as an expression that matches the end of a path from a point on, or all of it. */
  static BoundedRegex ofEnd(String text) {
    return regex("(.*\\.)?(" + text + ")");
  }

  /** Whether the linear layer at {@code path} is adapted. */
  boolean match(String path) {
    if (excludedExpression != null && excludedExpression.matches(path)) {
      return false;
    }
    if (listed(excluded, path)) {
      return false;
    }
    if (expression != null) {
      return expression.matches(path);
    }
    if (modules == null) {
      return !isHead(path);
    }
    // A whole path is meant as it stands, whatever its layer.
    return modules.contains(path) || (listed(modules, path) && inLayers(path));
  }

  private static boolean listed(List<String> names, String path) {
    return names.stream().anyMatch(name -> path.equals(name) || path.endsWith("." + name));
  }

  private static boolean isHead(String path) {
    return listed(List.of(HEAD), path);
  }

  private boolean inLayers(String path) {
    if (layers.isEmpty()) {
      return true;
    }
    List<String> names = layersPattern.isEmpty() ? List.of(ANY_NAME) : layersPattern;
    // PEFT takes the number by the first pattern that fits.
    for (String name : names) {
      BoundedRegex before = ofEnd(name);
      Matcher number = NUMBER.matcher(path);
      while (number.find()) {
        if (before.matches(path.substring(0, number.start()))) {
          return layers.contains(Integer.parseInt(number.group(1)));
        }
      }
    }
    return false;
  }

  /** As users write it. */
  @Override
  public String toString() {
    if (expression != null) {
      return "'" + expression + "'";
    }
    return modules == null ? ALL_LINEAR : modules.toString();
  }
}
