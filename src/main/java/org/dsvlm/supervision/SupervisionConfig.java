/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.JsonConfig;

/**
 * Settings of the diffusion supervision; {@link #defaults()} are the paper's where it states them
 * and those of {@code docs/choices.md} where it does not.
 *
 * @param levels which hidden states of the vision encoder the image features are
 * @param features which of the four the diffusion model sees
 * @param adapter what stands between a feature and the UNet
 * @param attention how several features are attended to
 * @param reconstruction how the picture is obtained
 * @param loss what compares it with the original
 * @param weight factor of this loss beside the language loss
 * @param pictureSize side of the pictures that the diffusion model sees, pixels
 * @param maxTimestepFraction timesteps are drawn up to this share of the schedule's length: near
 *     its end the estimate of the picture is noise divided by almost nothing
 */
public record SupervisionConfig(
    Levels levels,
    Set<Feature> features,
    AdapterConfig adapter,
    Attention attention,
    Reconstruct reconstruction,
    LossExpression loss,
    double weight,
    int pictureSize,
    double maxTimestepFraction) {
  private static final List<String> KEYS =
      List.of(
          "levels",
          "features",
          "adapter",
          "attention",
          "reconstruction",
          "loss",
          "weight",
          "picture_size",
          "max_timestep_fraction");

  /** Blocks of the vision encoder, counted from 1, after which the image features are taken. */
  public record Levels(int low, int mid, int high) {
    /** Block of {@code feature}, one of the three image features. */
    public int block(Feature feature) {
      return switch (feature) {
        case LOW -> low;
        case MID -> mid;
        case HIGH -> high;
        case TEXT -> throw new IllegalArgumentException("text is the connector's output");
      };
    }
  }

  /**
   * One expert for each feature, weighed by a router; or one attention over all tokens
   * concatenated.
   */
  public enum Attention {
    MOE,
    SHARED
  }

  /**
   * The way to a reconstruction.
   *
   * @param unrolled false: one UNet pass at a random timestep estimates the picture; true: DDIM
   *     from pure noise
   * @param steps length of the DDIM grid, on which the random timesteps lie as well
   * @param gradientSteps how many of an unrolled run's last steps pass gradients
   */
  public record Reconstruct(boolean unrolled, int steps, int gradientSteps) {
    public Reconstruct {
      if (steps < 1 || gradientSteps < 1 || gradientSteps > steps) {
        throw new DsVlmException(
            "supervision: reconstruction needs 1 ≤ gradient_steps ≤ steps, not "
                + gradientSteps
                + " of "
                + steps);
      }
    }
  }

  public SupervisionConfig {
    features = Collections.unmodifiableSet(EnumSet.copyOf(features));
    if (reconstruction.unrolled() && loss.comparesNoise()) {
      throw new DsVlmException(
          "supervision: loss '"
              + loss
              + "' compares the predicted noise, which only the one-step"
              + " reconstruction has; leave out "
              + loss.noiseTerms()
              + " or set reconstruction.kind to one-step");
    }
    if (!(maxTimestepFraction > 0 && maxTimestepFraction <= 1)) {
      throw new DsVlmException(
          "supervision: max_timestep_fraction has to lie in (0, 1], not " + maxTimestepFraction);
    }
    if (!(weight >= 0) || Double.isInfinite(weight)) {
      throw new DsVlmException("supervision: weight has to be a number from 0 up, not " + weight);
    }
    if (pictureSize < 1) {
      throw new DsVlmException("supervision: picture_size has to be above 0, not " + pictureSize);
    }
  }

  /** Everything as {@code docs/choices.md} says. */
  public static SupervisionConfig defaults() {
    return new SupervisionConfig(
        new Levels(8, 16, 24),
        EnumSet.allOf(Feature.class),
        AdapterConfig.linear(),
        Attention.MOE,
        new Reconstruct(false, 50, 2),
        LossExpression.parse("perceptual", "defaults"),
        1.0,
        256,
        0.8);
  }

  /**
   * Reads the {@code supervision} section of a recipe; absent keys take their {@link #defaults()}.
   *
   * @throws DsVlmException naming {@code where} and the key, for unknown keys and impossible values
   */
  public static SupervisionConfig parse(JsonNode json, String where) {
    SupervisionConfig d = defaults();
    JsonConfig fields = JsonConfig.of(json, where);
    requireKnown(fields, KEYS);
    JsonConfig levels = fields.child("levels");
    requireKnown(levels, List.of("low", "mid", "high"));
    return new SupervisionConfig(
        new Levels(
            levels.size("low", d.levels.low),
            levels.size("mid", d.levels.mid),
            levels.size("high", d.levels.high)),
        parseFeatures(fields, d.features),
        parseAdapter(fields.child("adapter"), d.adapter),
        parseAttention(fields),
        parseReconstruction(fields.child("reconstruction"), d.reconstruction),
        LossExpression.parse(fields.text("loss", d.loss.toString()), where + ": 'loss'"),
        fields.number("weight", d.weight),
        fields.size("picture_size", d.pictureSize),
        fields.number("max_timestep_fraction", d.maxTimestepFraction));
  }

  private static Set<Feature> parseFeatures(JsonConfig fields, Set<Feature> absent) {
    if (!fields.has("features")) {
      return absent;
    }
    JsonNode list = fields.json().get("features");
    if (!list.isArray() || list.isEmpty()) {
      throw fields.error("features", "is " + list + ", not a list of at least one feature");
    }
    Set<Feature> features = EnumSet.noneOf(Feature.class);
    list.forEach(name -> features.add(Feature.parse(name.asText(), fields.where())));
    return features;
  }

  private static AdapterConfig parseAdapter(JsonConfig fields, AdapterConfig absent) {
    requireKnown(fields, List.of("kind", "queries", "depth"));
    return new AdapterConfig(
        NamedAdapter.named(fields.text("kind", absent.kind().key()), fields.where()),
        fields.size("queries", absent.queries()),
        fields.size("depth", absent.depth()));
  }

  private static Attention parseAttention(JsonConfig fields) {
    String name = fields.text("attention", "moe");
    return switch (name) {
      case "moe" -> Attention.MOE;
      case "shared" -> Attention.SHARED;
      default -> throw fields.error("attention", "is '" + name + "'; known: moe, shared");
    };
  }

  private static Reconstruct parseReconstruction(JsonConfig fields, Reconstruct absent) {
    requireKnown(fields, List.of("kind", "steps", "gradient_steps"));
    String kind = fields.text("kind", "one-step");
    if (!kind.equals("one-step") && !kind.equals("unrolled")) {
      throw fields.error("kind", "is '" + kind + "'; known: one-step, unrolled");
    }
    return new Reconstruct(
        kind.equals("unrolled"),
        fields.size("steps", absent.steps()),
        fields.size("gradient_steps", absent.gradientSteps()));
  }

  private static void requireKnown(JsonConfig fields, List<String> known) {
    List<String> names = new ArrayList<>();
    fields.json().fieldNames().forEachRemaining(names::add);
    for (String name : names) {
      if (!known.contains(name)) {
        throw fields.error(name, "is no setting; known: " + known);
      }
    }
  }
}
