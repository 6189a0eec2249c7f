/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.dsvlm.io.BoundedRegex;
import org.dsvlm.io.DsVlmException;

/**
 * Settings of low-rank adaptation (Hu et al. 2021) in PEFT's terms: {@code y = W x + scaling · B A
 * dropout(x)} with A [rank, in] and B [out, rank]; the scaling is alpha / rank, or alpha / √rank
 * where it is rank-stabilised (Kalajdzievski 2023).
 */
public final class LoraConfig {
  private static final Pattern NAMES = Pattern.compile("[\\w.]+(\\s*,\\s*[\\w.]+)*");

  /** The most steps of all ranks and alphas of an adapter, which may come from anyone. */
  private static final long MAX_STEPS = 200_000_000;

  private final int rank;
  private final double alpha;
  private final double dropout;
  private final boolean rankStabilised;
  private final LoraTargets targets;
  private final Map<BoundedRegex, Integer> ranks;
  private final Map<BoundedRegex, Double> alphas;
  private long steps;

  /**
   * As PEFT has it.
   *
   * @param ranks other ranks of layers by the end of their path, a regular expression
   * @param alphas other alphas in the same way
   */
  LoraConfig(
      int rank,
      double alpha,
      double dropout,
      boolean rankStabilised,
      LoraTargets targets,
      Map<String, Integer> ranks,
      Map<String, Double> alphas) {
    if (rank < 1) {
      throw new DsVlmException("the rank of LoRA has to be above 0, not " + rank);
    }
    if (!(dropout >= 0 && dropout < 1)) {
      throw new DsVlmException("the dropout of LoRA has to lie in [0, 1), not " + dropout);
    }
    this.rank = rank;
    this.alpha = alpha;
    this.dropout = dropout;
    this.rankStabilised = rankStabilised;
    this.targets = targets;
    this.ranks = compiled(ranks);
    this.alphas = compiled(alphas);
  }

  /**
   * One rank and alpha for all layers.
   *
   * @param targetModules {@code all-linear} (every linear layer but the output head), names of
   *     layers with commas between them, or a regular expression of whole paths
   * @throws DsVlmException for a rank below 1 or a dropout outside [0, 1)
   */
  public static LoraConfig of(
      int rank, double alpha, double dropout, boolean rankStabilised, String targetModules) {
    String text = targetModules.strip();
    boolean names = NAMES.matcher(text).matches();
    return new LoraConfig(
        rank,
        alpha,
        dropout,
        rankStabilised,
        names ? LoraTargets.of(Arrays.asList(text.split("\\s*,\\s*"))) : LoraTargets.of(text),
        Map.of(),
        Map.of());
  }

  /** The rank where no layer's own is set. */
  public int rank() {
    return rank;
  }

  /** The alpha where no layer's own is set. */
  public double alpha() {
    return alpha;
  }

  /** Share of inputs that a training pass drops. */
  public double dropout() {
    return dropout;
  }

  /** Whether the scaling is alpha / √rank. */
  public boolean rankStabilised() {
    return rankStabilised;
  }

  LoraTargets targets() {
    return targets;
  }

  /** Rank of the layer at {@code path}. */
  int rank(String path) {
    return ofLayer(ranks, path, rank);
  }

  /** Alpha of the layer at {@code path}. */
  double alpha(String path) {
    return ofLayer(alphas, path, alpha);
  }

  /** The factor of the product B A of the layer at {@code path}. */
  double scaling(String path) {
    return alpha(path) / (rankStabilised ? Math.sqrt(rank(path)) : rank(path));
  }

  private static <T> Map<BoundedRegex, T> compiled(Map<String, T> patterns) {
    Map<BoundedRegex, T> compiled = new LinkedHashMap<>();
    patterns.forEach((pattern, value) -> compiled.put(LoraTargets.ofEnd(pattern), value));
    return compiled;
  }

  private <T> T ofLayer(Map<BoundedRegex, T> patterns, String path, T absent) {
    for (Map.Entry<BoundedRegex, T> pattern : patterns.entrySet()) {
      BoundedRegex.Search search = pattern.getKey().on(path);
      boolean found = search.matches();
      steps += search.steps();
      if (steps > MAX_STEPS) {
        throw new DsVlmException(
            "rank_pattern and alpha_pattern take more than "
                + MAX_STEPS
                + " steps; write them shorter");
      }
      if (found) {
        return pattern.getValue();
      }
    }
    return absent;
  }
}
