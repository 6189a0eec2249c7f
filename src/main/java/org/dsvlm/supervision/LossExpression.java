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
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.vgg.PerceptualNetwork;
import org.jspecify.annotations.Nullable;

/**
 * A reconstruction loss as recipes write it: {@code perceptual}, or a weighted sum like {@code
 * 0.5*mae + 0.5*ssim}.
 *
 * @param terms losses and weights, in the order written
 */
public record LossExpression(List<Term> terms) {
  private static final Pattern TERM =
      Pattern.compile(
          "(?:(?<weight>[0-9]*\\.?[0-9]+(?:[eE][+-]?[0-9]+)?)\\s*\\*\\s*)?(?<name>\\w+)");

  /** One named loss and its weight. */
  public record Term(double weight, NamedLoss loss) {}

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
    List<NamedLoss> known = NamedLoss.all();
    List<Term> terms = new ArrayList<>();
    // A plus sign that follows an exponent belongs to its number.
    for (String part : text.split("(?<![0-9.][eE])\\+", -1)) {
      Matcher matcher = TERM.matcher(part.strip());
      NamedLoss loss = matcher.matches() ? named(matcher.group("name"), known) : null;
      if (loss == null) {
        throw new DsVlmException(
            where
                + ": reconstruction loss '"
                + text
                + "' is no sum like 'perceptual' or '0.5*mae+0.5*ssim'; known losses: "
                + known.stream().map(NamedLoss::key).toList());
      }
      String weight = matcher.group("weight");
      terms.add(new Term(weight == null ? 1 : Double.parseDouble(weight), loss));
    }
    return new LossExpression(terms);
  }

  private static @Nullable NamedLoss named(String name, List<NamedLoss> known) {
    return known.stream().filter(loss -> loss.key().equals(name)).findFirst().orElse(null);
  }

  /** Whether a {@link PerceptualNetwork} is needed to compute it. */
  public boolean needsNetwork() {
    return terms.stream().anyMatch(term -> term.loss().needsNetwork());
  }

  /** Whether it compares pictures. */
  public boolean comparesPictures() {
    return terms.stream().anyMatch(term -> term.loss().comparesPictures());
  }

  /** Whether it compares the predicted noise. */
  public boolean comparesNoise() {
    return !noiseTerms().isEmpty();
  }

  /** Names of the losses that compare the predicted noise. */
  List<String> noiseTerms() {
    return terms.stream()
        .map(Term::loss)
        .filter(NamedLoss::comparesNoise)
        .map(NamedLoss::key)
        .toList();
  }

  /**
   * The loss.
   *
   * @param network may be null where {@link #needsNetwork()} is false
   */
  public ReconstructionLoss build(@Nullable PerceptualNetwork network) {
    if (needsNetwork() && network == null) {
      throw new DsVlmException("reconstruction loss '" + this + "' needs a perceptual network");
    }
    if (terms.size() == 1 && terms.get(0).weight() == 1) {
      return terms.get(0).loss().build(network);
    }
    List<ReconstructionLoss.WeightedSum.Term> losses = new ArrayList<>();
    List<Term> left = new ArrayList<>(terms);
    double structural = weight(StandardLoss.SSIM);
    double absolute = weight(StandardLoss.MAE);
    if (structural > 0 && absolute > 0) {
      losses.add(
          new ReconstructionLoss.WeightedSum.Term(
              1, new ReconstructionLoss.Photometric(structural, absolute)));
      left.removeIf(term -> term.loss() == StandardLoss.SSIM || term.loss() == StandardLoss.MAE);
    }
    for (Term term : left) {
      losses.add(
          new ReconstructionLoss.WeightedSum.Term(term.weight(), term.loss().build(network)));
    }
    return new ReconstructionLoss.WeightedSum(losses);
  }

  private double weight(NamedLoss loss) {
    return terms.stream().filter(term -> term.loss() == loss).mapToDouble(Term::weight).sum();
  }

  @Override
  public String toString() {
    return terms.stream()
        .map(term -> (term.weight() == 1 ? "" : term.weight() + "*") + term.loss().key())
        .collect(Collectors.joining("+"));
  }
}
