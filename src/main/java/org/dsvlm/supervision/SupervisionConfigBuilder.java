/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import org.dsvlm.io.DsVlmException;
import org.jspecify.annotations.Nullable;

/**
 * Puts a {@link SupervisionConfig} together in a program. What is not set is as {@link
 * SupervisionConfig#defaults()} has it; where no feature is named, the standard four are on.
 *
 * <p>Not thread-safe; what it builds is immutable.
 */
public final class SupervisionConfigBuilder {
  private final SupervisionConfig defaults = SupervisionConfig.defaults();
  private final Map<String, Feature> features = new LinkedHashMap<>();
  private SupervisionConfig.@Nullable Levels levels;
  private @Nullable TokenConfig tokens;
  private AdapterConfig adapter = defaults.adapter();
  private SupervisionConfig.Attention attention = defaults.attention();
  private SupervisionConfig.Reconstruct reconstruction = defaults.reconstruction();
  private LossExpression loss = defaults.loss();
  private double weight = defaults.weight();
  private int pictureSize = defaults.pictureSize();
  private TimestepConfig timesteps = defaults.timesteps();
  private long warmupSteps = defaults.warmupSteps();
  private SupervisionConfig.Balance balance = defaults.balance();

  SupervisionConfigBuilder() {}

  /**
   * Adds a feature of the caller's own encoder, any number of them and of any width. It gets an
   * adapter ({@code adapters.<name>}), keys and values of its own, which start as copies of the
   * UNet's, and a row in the routers.
   *
   * @param name by which {@link DiffusionSupervisor#loss} is given its tensor, [pictures, tokens,
   *     width]: letters, digits, {@code _} and {@code -}
   * @param width of its tokens
   * @throws DsVlmException for a name that is taken or is a standard feature's, or a width below 1
   */
  public SupervisionConfigBuilder feature(String name, long width) {
    return add(new OwnFeature(name, width));
  }

  /** Adds a feature of the vision-language model. */
  public SupervisionConfigBuilder feature(StandardFeature feature) {
    return add(feature);
  }

  private SupervisionConfigBuilder add(Feature feature) {
    if (features.putIfAbsent(feature.key(), feature) != null) {
      throw new DsVlmException("supervision: feature '" + feature.key() + "' is there twice");
    }
    return this;
  }

  /** Where the standard image features are taken. */
  public SupervisionConfigBuilder levels(int low, int mid, int high) {
    this.levels = new SupervisionConfig.Levels(low, mid, high);
    return this;
  }

  /** Which tokens of the standard features are shown; own features are shown as they come. */
  public SupervisionConfigBuilder tokens(TokenConfig tokens) {
    this.tokens = tokens;
    return this;
  }

  /** The adapter between a feature and the UNet. */
  public SupervisionConfigBuilder adapter(AdapterConfig adapter) {
    this.adapter = adapter;
    return this;
  }

  /** How several features are attended to. */
  public SupervisionConfigBuilder attention(SupervisionConfig.Attention attention) {
    this.attention = attention;
    return this;
  }

  /** How the picture is obtained. */
  public SupervisionConfigBuilder reconstruction(SupervisionConfig.Reconstruct reconstruction) {
    this.reconstruction = reconstruction;
    return this;
  }

  /**
   * What compares the picture with the original.
   *
   * @param expression as {@link LossExpression#parse} reads it: {@code 0.5*mae + 0.5*ssim}
   * @throws DsVlmException for an unknown loss
   */
  public SupervisionConfigBuilder loss(String expression) {
    this.loss = LossExpression.parse(expression, "supervision: loss");
    return this;
  }

  /** Factor of this loss beside others; the training loop applies it, the supervisor does not. */
  public SupervisionConfigBuilder weight(double weight) {
    this.weight = weight;
    return this;
  }

  /** Side of the pictures, in pixels. */
  public SupervisionConfigBuilder pictureSize(int pictureSize) {
    this.pictureSize = pictureSize;
    return this;
  }

  /** Where a picture's timestep is drawn, and how much it counts there. */
  public SupervisionConfigBuilder timesteps(TimestepConfig timesteps) {
    this.timesteps = timesteps;
    return this;
  }

  /** Steps before the loss reaches the encoder; the training loop reads it. */
  public SupervisionConfigBuilder warmupSteps(long warmupSteps) {
    this.warmupSteps = warmupSteps;
    return this;
  }

  /** The size of the gradient beside another loss's; the training loop reads it. */
  public SupervisionConfigBuilder balance(SupervisionConfig.Balance balance) {
    this.balance = balance;
    return this;
  }

  /**
   * The settings.
   *
   * @throws DsVlmException for values that do not go together
   */
  public SupervisionConfig build() {
    boolean standard =
        features.isEmpty()
            || features.values().stream().anyMatch(StandardFeature.class::isInstance);
    if (!standard && (levels != null || tokens != null)) {
      throw new DsVlmException(
          "supervision: "
              + (levels != null ? "levels" : "tokens")
              + " chooses among a vision-language model's features, but all features "
              + features.keySet()
              + " are own ones; leave it out");
    }
    return new SupervisionConfig(
        levels == null ? defaults.levels() : levels,
        features.isEmpty() ? defaults.features() : new LinkedHashSet<>(features.values()),
        adapter,
        attention,
        reconstruction,
        loss,
        weight,
        pictureSize,
        timesteps,
        tokens == null ? defaults.tokens() : tokens,
        warmupSteps,
        balance);
  }
}
