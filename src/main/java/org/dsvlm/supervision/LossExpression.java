/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.vgg.PerceptualNetwork;

/**
 * A reconstruction loss as recipes write it: {@code perceptual}, or a weighted sum like {@code
 * 0.5*mae + 0.5*ssim}.
 *
 * @param terms names and weights, in the order written
 */
public record LossExpression(List<Term> terms) {
  private static final List<String> NAMES =
      List.of("mae", "ssim", "perceptual", "vgg_l1", "epsilon");

  private static final Pattern TERM =
      Pattern.compile(
          "(?:(?<weight>[0-9]*\\.?[0-9]+(?:[eE][+-]?[0-9]+)?)\\s*\\*\\s*)?(?<name>\\w+)");

  /** One named loss and its weight. */
  public record Term(double weight, String name) {}

  public LossExpression {
    terms = List.copyOf(terms);
  }

  /**
   * Reads an expression.
   *
   * @param where origin and key, for messages
   * @throws DsVlmException for an unknown name or a text that is no sum of weighted names
   */
  public static LossExpression parse(String text, String where) {
    List<Term> terms = new ArrayList<>();
    // A plus sign that follows an exponent belongs to its number.
    for (String part : text.split("(?<![0-9.][eE])\\+", -1)) {
      Matcher matcher = TERM.matcher(part.strip());
      if (!matcher.matches() || !NAMES.contains(matcher.group("name"))) {
        throw new DsVlmException(
            where
                + ": reconstruction loss '"
                + text
                + "' is no sum like 'perceptual' or '0.5*mae+0.5*ssim'; known losses: "
                + NAMES);
      }
      String weight = matcher.group("weight");
      terms.add(new Term(weight == null ? 1 : Double.parseDouble(weight), matcher.group("name")));
    }
    return new LossExpression(terms);
  }

  /** Whether a {@link PerceptualNetwork} is needed to compute it. */
  public boolean needsNetwork() {
    return terms.stream()
        .anyMatch(term -> term.name().equals("perceptual") || term.name().equals("vgg_l1"));
  }

  /** Whether it compares the predicted noise. */
  public boolean comparesNoise() {
    return terms.stream().anyMatch(term -> term.name().equals("epsilon"));
  }

  /**
   * The loss.
   *
   * @param network may be null where {@link #needsNetwork()} is false
   */
  public ReconstructionLoss build(PerceptualNetwork network) {
    if (needsNetwork() && network == null) {
      throw new DsVlmException("reconstruction loss '" + this + "' needs a perceptual network");
    }
    if (terms.size() == 1 && terms.get(0).weight() == 1) {
      return loss(terms.get(0).name(), network);
    }
    List<ReconstructionLoss.WeightedSum.Term> losses = new ArrayList<>();
    List<Term> left = new ArrayList<>(terms);
    if (Stream.of("ssim", "mae").allMatch(name -> weight(name) > 0)) {
      losses.add(
          new ReconstructionLoss.WeightedSum.Term(
              1, new ReconstructionLoss.Photometric(weight("ssim"), weight("mae"))));
      left.removeIf(term -> term.name().equals("ssim") || term.name().equals("mae"));
    }
    for (Term term : left) {
      losses.add(
          new ReconstructionLoss.WeightedSum.Term(term.weight(), loss(term.name(), network)));
    }
    return new ReconstructionLoss.WeightedSum(losses);
  }

  private double weight(String name) {
    return terms.stream().filter(term -> term.name().equals(name)).mapToDouble(Term::weight).sum();
  }

  private static ReconstructionLoss loss(String name, PerceptualNetwork network) {
    return switch (name) {
      case "mae" -> new ReconstructionLoss.MeanAbsolute();
      case "ssim" -> new ReconstructionLoss.Structural();
      case "perceptual" -> new ReconstructionLoss.Perceptual(network);
      case "vgg_l1" -> new ReconstructionLoss.VggDifference(network);
      case "epsilon" -> new ReconstructionLoss.Epsilon();
      default -> throw new DsVlmException("unknown reconstruction loss '" + name + "'");
    };
  }

  @Override
  public String toString() {
    return terms.stream()
        .map(term -> term.weight() == 1 ? term.name() : term.weight() + "*" + term.name())
        .collect(Collectors.joining("+"));
  }
}
