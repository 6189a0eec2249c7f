/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.dsvlm.io.DsVlmException;
import org.jspecify.annotations.Nullable;

/**
 * Selects the linear layers that are adapted, by name and with PEFT's rules: a list names layers by
 * the end of their path; a text is a regular expression of the whole path, or {@code all-linear}:
 * every linear layer but the output head.
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
    @Nullable Pattern expression,
    List<String> excluded,
    @Nullable Pattern excludedExpression,
    List<Integer> layers,
    List<String> layersPattern) {

  /** PEFT's name for all linear layers but the head. */
  static final String ALL_LINEAR = "all-linear";

  private static final String HEAD = "lm_head";
  private static final Pattern ANY_LAYER = Pattern.compile(".*?\\.[^.]*\\.(\\d+)\\.");

  /** The target {@code text} alone: {@code all-linear} or a regular expression. */
  static LoraTargets of(String text) {
    return new LoraTargets(null, expression(text), List.of(), null, List.of(), List.of());
  }

  /** The listed names alone. */
  static LoraTargets of(List<String> modules) {
    return new LoraTargets(modules, null, List.of(), null, List.of(), List.of());
  }

  /** {@code text} compiled; nothing for {@code all-linear}. */
  static @Nullable Pattern expression(String text) {
    if (text.toLowerCase(Locale.ROOT).equals(ALL_LINEAR)) {
      return null;
    }
    try {
      return Pattern.compile(text);
    } catch (PatternSyntaxException e) {
      throw new DsVlmException(
          "'" + text + "' is no regular expression: " + e.getDescription() + " at " + e.getIndex(),
          e);
    }
  }

  /** Whether the linear layer at {@code path} is adapted. */
  boolean match(String path) {
    if (excludedExpression != null && excludedExpression.matcher(path).matches()) {
      return false;
    }
    if (listed(excluded, path)) {
      return false;
    }
    if (expression != null) {
      return expression.matcher(path).matches();
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
    if (layersPattern.isEmpty()) {
      return isIn(ANY_LAYER.matcher(path));
    }
    // PEFT takes the number by the first pattern that fits.
    return layersPattern.stream()
        .map(name -> Pattern.compile("(?:^|.*?\\.)(?:" + name + ")\\.(\\d+)\\.").matcher(path))
        .filter(Matcher::lookingAt)
        .findFirst()
        .map(this::isIn)
        .orElse(false);
  }

  private boolean isIn(Matcher numbered) {
    numbered.reset();
    return numbered.lookingAt() && layers.contains(Integer.parseInt(numbered.group(1)));
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
