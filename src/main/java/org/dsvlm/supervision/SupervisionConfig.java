/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.dsvlm.io.JsonConfig;

/**
 * Settings of the diffusion supervision; {@link #defaults()} are the paper's where it states them
 * and those of {@code docs/choices.md} where it does not.
 *
 * @param levels which hidden states of the vision encoder the image features are
 * @param features that the diffusion model sees: of the standard four, in their order, then own
 *     ones
 * @param adapter what stands between a feature and the UNet
 * @param attention how several features are attended to
 * @param reconstruction how the picture is obtained
 * @param loss what compares it with the original
 * @param weight factor of this loss beside the language loss
 * @param pictureSize side of the pictures that the diffusion model sees, pixels
 * @param timesteps where a picture's timestep is drawn, and how much it counts there
 * @param tokens which tokens of a feature are shown
 * @param warmupSteps steps of a run before its loss reaches the encoder and the connector; until
 *     then adapters, experts and routers learn alone, and a UNet that trains along
 * @param balance the size of its gradient beside the language loss's
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
    TimestepConfig timesteps,
    TokenConfig tokens,
    long warmupSteps,
    Balance balance) {
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
          "timesteps",
          "tokens",
          "warmup_steps",
          "balance");

  /** Blocks of the vision encoder, counted from 1, after which the image features are taken. */
  public record Levels(int low, int mid, int high) {
    /** Block of {@code feature}, one of the three image features. */
    public int block(StandardFeature feature) {
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
   * @param kind of the three
   * @param steps length of the DDIM grid, on which the random timesteps lie as well
   * @param gradientSteps how many of an unrolled run's last steps pass gradients
   * @param noiseSteps steps of a short run from noise, all of which pass gradients
   */
  public record Reconstruct(Way kind, int steps, int gradientSteps, int noiseSteps) {
    /** The three ways. */
    public enum Way {
      /** One UNet pass at a random timestep estimates the picture. */
      ONE_STEP,
      /** DDIM over the whole grid from pure noise, its last steps with gradient. */
      UNROLLED,
      /** A few DDIM steps from pure noise, one by default, all with gradient. */
      FROM_NOISE
    }

    public Reconstruct {
      if (noiseSteps < 1 || noiseSteps > steps) {
        throw new DsVlmException(
            "supervision: reconstruction needs 1 ≤ noise_steps ≤ steps, not "
                + noiseSteps
                + " of "
                + steps);
      }
      if (steps < 1 || gradientSteps < 1 || gradientSteps > steps) {
        throw new DsVlmException(
            "supervision: reconstruction needs 1 ≤ gradient_steps ≤ steps, not "
                + gradientSteps
                + " of "
                + steps);
      }
    }

    /** Whether the whole grid is run from pure noise. */
    public boolean unrolled() {
      return kind == Way.UNROLLED;
    }

    /** Whether a few steps are. */
    public boolean fromNoise() {
      return kind == Way.FROM_NOISE;
    }

    /**
     * Whether several UNet passes make the reconstruction, of which none has a noise to predict.
     */
    public boolean severalPasses() {
      return unrolled() || (fromNoise() && noiseSteps > 1);
    }
  }

  /**
   * The size of this loss's gradient where it reaches the encoder and the connector.
   *
   * @param kind none: as it comes; gradient-norm: scaled to a share
   * @param share of the sum of both losses' gradient norms, in (0, 1)
   */
  public record Balance(Scaling kind, double share) {
    /** The choices. */
    public enum Scaling {
      NONE,
      GRADIENT_NORM
    }

    public Balance {
      if (!(share > 0 && share < 1)) {
        throw new DsVlmException(
            "supervision: balance.share has to lie between 0 and 1, not " + share);
      }
    }

    /** Norm of this loss's gradient by that of the language loss; 0 to leave it as it is. */
    public double ratio() {
      return kind == Scaling.NONE ? 0 : share / (1 - share);
    }
  }

  public SupervisionConfig {
    features = ordered(features);
    requireNoise(reconstruction, loss, timesteps.epsilon().share());
    if (warmupSteps < 0) {
      throw new DsVlmException("supervision: warmup_steps has to be 0 or more, not " + warmupSteps);
    }
    if (!(weight >= 0) || Double.isInfinite(weight)) {
      throw new DsVlmException("supervision: weight has to be a number from 0 up, not " + weight);
    }
    if (pictureSize < 1) {
      throw new DsVlmException("supervision: picture_size has to be above 0, not " + pictureSize);
    }
  }

  /** Standard features in the order of their kind, own ones as they came. */
  private static Set<Feature> ordered(Set<Feature> features) {
    if (features.isEmpty()) {
      throw new DsVlmException("supervision: features has to name at least one feature");
    }
    Set<Feature> ordered = new LinkedHashSet<>(Arrays.asList(StandardFeature.values()));
    ordered.retainAll(features);
    ordered.addAll(features);
    return Collections.unmodifiableSet(ordered);
  }

  /** Blocks of the vision encoder that features are taken after, by {@link Feature#key}. */
  public Map<String, Integer> blocks() {
    Map<String, Integer> blocks = new LinkedHashMap<>();
    for (Feature feature : features) {
      if (feature instanceof StandardFeature standard && standard != StandardFeature.TEXT) {
        blocks.put(standard.key(), levels.block(standard));
      }
    }
    return blocks;
  }

  /** A loss that compares the predicted noise needs pictures that noise was added to. */
  private static void requireNoise(Reconstruct way, LossExpression loss, double shareOfNoiseAlone) {
    boolean known = !way.severalPasses() && (!way.fromNoise() || shareOfNoiseAlone > 0);
    if (loss.comparesNoise() && !known) {
      throw new DsVlmException(
          "supervision: loss '"
              + loss
              + "' compares the predicted noise, which only the one-step"
              + " reconstruction has; leave out "
              + loss.noiseTerms()
              + " or set reconstruction.kind to one-step"
              + (way.fromNoise()
                  ? ", or noise_steps to 1 and timesteps.epsilon.share above 0"
                  : ""));
    }
    if (shareOfNoiseAlone > 0 && (!loss.comparesNoise() || way.severalPasses())) {
      throw new DsVlmException(
          "supervision: timesteps.epsilon.share is "
              + shareOfNoiseAlone
              + ", but loss '"
              + loss
              + "' teaches these pictures nothing: it needs 'epsilon' and a reconstruction in one"
              + " pass; set the share to 0");
    }
  }

  /** Settings for a program: own features, and anything else than the {@link #defaults()}. */
  public static SupervisionConfigBuilder builder() {
    return new SupervisionConfigBuilder();
  }

  /** Everything as {@code docs/choices.md} says. */
  public static SupervisionConfig defaults() {
    return new SupervisionConfig(
        new Levels(8, 16, 24),
        Set.of(StandardFeature.values()),
        AdapterConfig.linear(),
        Attention.MOE,
        new Reconstruct(Reconstruct.Way.ONE_STEP, 50, 2, 1),
        LossExpression.parse("perceptual", "defaults"),
        1.0,
        256,
        TimestepConfig.defaults(),
        TokenConfig.defaults(),
        0,
        new Balance(Balance.Scaling.NONE, 0.5));
  }

  /**
   * Reads the {@code supervision} section of a recipe; absent keys take their {@link #defaults()}.
   *
   * @throws DsVlmException naming {@code where} and the key, for unknown keys and impossible values
   */
  public static SupervisionConfig parse(JsonNode json, String where) {
    SupervisionConfig d = defaults();
    JsonConfig fields = JsonConfig.of(json, where);
    if (fields.has("max_timestep_fraction")) {
      throw fields.error(
          "max_timestep_fraction", "has become timesteps.max_fraction; write it there");
    }
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
        parseTimesteps(fields.child("timesteps"), d.timesteps),
        parseTokens(fields.child("tokens"), d.tokens),
        fields.integer("warmup_steps", (int) d.warmupSteps),
        parseBalance(fields.child("balance"), d.balance));
  }

  private static Set<Feature> parseFeatures(JsonConfig fields, Set<Feature> absent) {
    if (!fields.has("features")) {
      return absent;
    }
    JsonNode list = fields.json().get("features");
    if (!list.isArray() || list.isEmpty()) {
      throw fields.error(
          "features", "is " + Excerpt.of(list) + ", not a list of at least one feature");
    }
    Set<Feature> features = new LinkedHashSet<>();
    list.forEach(name -> features.add(StandardFeature.parse(name.asText(), fields.where())));
    return features;
  }

  private static AdapterConfig parseAdapter(JsonConfig fields, AdapterConfig absent) {
    requireKnown(fields, List.of("kind", "queries", "depth"));
    return new AdapterConfig(
        NamedAdapter.named(fields.text("kind", absent.kind().key()), fields.where()),
        fields.size("queries", absent.queries()),
        fields.count("depth", absent.depth()));
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
    requireKnown(fields, List.of("kind", "steps", "gradient_steps", "noise_steps"));
    return new Reconstruct(
        TimestepConfig.constant(fields, "kind", Reconstruct.Way.values(), absent.kind()),
        fields.count("steps", absent.steps()),
        fields.count("gradient_steps", absent.gradientSteps()),
        fields.count("noise_steps", absent.noiseSteps()));
  }

  private static TimestepConfig parseTimesteps(JsonConfig fields, TimestepConfig absent) {
    requireKnown(fields, TimestepConfig.KEYS);
    requireKnown(fields.child("epsilon"), List.of("share", "min_fraction", "max_fraction"));
    return TimestepConfig.parse(fields, absent);
  }

  private static TokenConfig parseTokens(JsonConfig fields, TokenConfig absent) {
    requireKnown(fields, List.of("kind", "grid"));
    return TokenConfig.parse(fields, absent);
  }

  private static Balance parseBalance(JsonConfig fields, Balance absent) {
    requireKnown(fields, List.of("kind", "share"));
    return new Balance(
        TimestepConfig.constant(fields, "kind", Balance.Scaling.values(), absent.kind()),
        fields.number("share", absent.share()));
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
