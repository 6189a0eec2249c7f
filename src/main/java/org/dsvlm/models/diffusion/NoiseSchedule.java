/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.tensor.DeviceConstant;
import org.dsvlm.tensor.Torch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The noise of a diffusion (Ho et al. 2020): after timestep t a picture x₀ has become √ᾱₜ x₀ +
 * √(1−ᾱₜ) ε. Holds no tensors; what it returns is in the caller's scope.
 */
public final class NoiseSchedule {
  private static final Logger LOG = LoggerFactory.getLogger(NoiseSchedule.class);

  /**
   * Samplers whose configuration describes this kind of noise. Flow matching, for one, does not.
   */
  private static final Set<String> CLASS_NAMES =
      Set.of(
          "DDIMScheduler",
          "DDPMScheduler",
          "PNDMScheduler",
          "LMSDiscreteScheduler",
          "EulerDiscreteScheduler",
          "EulerAncestralDiscreteScheduler",
          "HeunDiscreteScheduler",
          "DPMSolverMultistepScheduler");

  /**
   * Keys that are read, here or by {@link BetaSchedule}, {@link TimestepSpacing} and {@link
   * Prediction}, and those that say how a part is shaped that has to be off.
   */
  private static final Set<String> READ =
      Set.of(
          "num_train_timesteps",
          "beta_start",
          "beta_end",
          "beta_schedule",
          "trained_betas",
          "prediction_type",
          "timestep_spacing",
          "steps_offset",
          "set_alpha_to_one",
          "rescale_betas_zero_snr",
          "clip_sample",
          "clip_sample_range",
          "thresholding",
          "dynamic_thresholding_ratio",
          "sample_max_value");

  private final double[] betas;
  private final double[] alphasCumprod;

  /** √ᾱₜ. */
  private final DeviceConstant signals;

  /** √(1−ᾱₜ). */
  private final DeviceConstant noiseLevels;

  private final Prediction prediction;
  private final TimestepSpacing spacing;
  private final int stepsOffset;
  private final boolean lastAlphaIsOne;
  private final ObjectNode json;

  private NoiseSchedule(JsonConfig config, Prediction prediction) {
    int count = config.count("num_train_timesteps", 1000);
    double first = config.number("beta_start", 0.0001);
    double last = config.number("beta_end", 0.02);
    if (!(0 < first && first <= last && last < 1)) {
      throw config.error("beta_end", "is " + last + "; 0 < beta_start <= beta_end < 1 must hold");
    }
    this.prediction = prediction;
    double[] plain = BetaSchedule.of(config).betas(count, first, last);
    this.betas =
        config.flag("rescale_betas_zero_snr", false) ? withoutSignalAtTheEnd(config, plain) : plain;
    this.alphasCumprod = cumulative(betas);
    this.signals = table(alphasCumprod, Math::sqrt);
    this.noiseLevels = table(alphasCumprod, alpha -> Math.sqrt(1 - alpha));
    this.spacing = TimestepSpacing.of(config);
    this.stepsOffset = config.integer("steps_offset", 0);
    boolean ddim = config.text("_class_name", "").equals("DDIMScheduler");
    this.lastAlphaIsOne = config.flag("set_alpha_to_one", ddim);
    this.json = config.json().deepCopy();
  }

  /**
   * √ᾱ shifted and scaled so that nothing of the picture is left at the last timestep and the first
   * one stays (Lin et al. 2024, algorithm 1).
   */
  private double[] withoutSignalAtTheEnd(JsonConfig config, double[] plain) {
    if (prediction == Prediction.EPSILON) {
      throw config.error(
          "rescale_betas_zero_snr",
          "leaves pure noise at the last timestep, where a network that predicts epsilon says"
              + " nothing about the picture; set prediction_type to v_prediction, or leave the key"
              + " out");
    }
    int count = plain.length;
    double[] roots = Arrays.stream(cumulative(plain)).map(Math::sqrt).toArray();
    double first = roots[0];
    double last = roots[count - 1];
    for (int i = 0; i < count; i++) {
      roots[i] = (roots[i] - last) * (first / (first - last));
    }
    double[] rescaled = new double[count];
    rescaled[0] = 1 - roots[0] * roots[0];
    for (int i = 1; i < count; i++) {
      rescaled[i] = 1 - (roots[i] * roots[i]) / (roots[i - 1] * roots[i - 1]);
    }
    return rescaled;
  }

  private static double[] cumulative(double[] betas) {
    double[] alphas = new double[betas.length];
    double product = 1;
    for (int i = 0; i < betas.length; i++) {
      product *= 1 - betas[i];
      alphas[i] = product;
    }
    return alphas;
  }

  /**
   * Reads diffusers' {@code scheduler_config.json}, whichever of its samplers wrote it.
   *
   * <p>x̂₀ is not clipped, also where the file leaves {@code clip_sample} out: diffusers' DDIM
   * would then clip to ±1, which is meant for pixels and not for latents.
   *
   * @param where the file, for messages
   * @throws DsVlmException naming the key whose value is impossible, unknown, or asks for a
   *     computation that is not implemented
   */
  public static NoiseSchedule parse(JsonNode json, String where) {
    JsonConfig config = JsonConfig.of(json, where);
    String className = config.text("_class_name", "DDIMScheduler");
    if (!CLASS_NAMES.contains(className)) {
      throw config.error(
          "_class_name",
          "is "
              + className
              + "; known: "
              + String.join(", ", CLASS_NAMES.stream().sorted().toList()));
    }
    DiffusersConfig.requireOff(config, "trained_betas");
    DiffusersConfig.requireOff(config, "clip_sample");
    DiffusersConfig.requireOff(config, "thresholding");
    NoiseSchedule schedule = new NoiseSchedule(config, Prediction.of(config));
    sayUnused(config);
    return schedule;
  }

  /** Other keys are of the sampler that wrote the file, or of a newer version. */
  private static void sayUnused(JsonConfig config) {
    List<String> unused =
        config.json().properties().stream()
            .filter(field -> !field.getKey().startsWith("_") && !READ.contains(field.getKey()))
            .filter(field -> field.getValue().asBoolean(true) && !field.getValue().isNull())
            .map(Map.Entry::getKey)
            .toList();
    if (!unused.isEmpty()) {
      LOG.info(
          "{}: DDIM samples here; not used: {}",
          config.where(),
          Excerpt.of(String.join(", ", unused)));
    }
  }

  /** Stable Diffusion 1.5's: 1000 timesteps, √β from √0.00085 to √0.012, the network predicts ε. */
  public static NoiseSchedule stableDiffusion() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("_class_name", "DDIMScheduler");
    json.put("beta_end", 0.012);
    json.put("beta_schedule", "scaled_linear");
    json.put("beta_start", 0.00085);
    json.put("clip_sample", false);
    json.put("num_train_timesteps", 1000);
    json.put("prediction_type", "epsilon");
    json.put("set_alpha_to_one", false);
    json.put("steps_offset", 1);
    return parse(json, "the built-in schedule");
  }

  /** The same noise, the network's output read as {@code other}. */
  public NoiseSchedule withPrediction(Prediction other) {
    ObjectNode changed = json.deepCopy();
    changed.put("prediction_type", DiffusersConfig.configName(other));
    return new NoiseSchedule(JsonConfig.of(changed, "the schedule"), other);
  }

  /** The configuration file of this schedule. */
  public ObjectNode toJson() {
    return json.deepCopy();
  }

  /** Number of timesteps, T. */
  public int trainTimesteps() {
    return betas.length;
  }

  /** The quantity that the network predicts. */
  public Prediction prediction() {
    return prediction;
  }

  /** βₜ, float64 [T]. */
  public Tensor betas() {
    return Torch.of(betas, betas.length);
  }

  /** ᾱₜ, the share of the picture's variance that is left after timestep t; float64 [T]. */
  public Tensor alphasCumprod() {
    return Torch.of(alphasCumprod, alphasCumprod.length);
  }

  /** ᾱ after {@code timestep}. */
  public double alphaCumprod(int timestep) {
    return alphasCumprod[timestep];
  }

  /**
   * The noisy picture √ᾱ x₀ + √(1−ᾱ) ε.
   *
   * @param x0 [batch, channels, height, width]
   * @param noise ε, of the same shape
   * @param timesteps int64 [batch]
   */
  public Tensor addNoise(Tensor x0, Tensor noise, Tensor timesteps) {
    return Torch.tidy(
        () -> signal(timesteps, x0).mul(x0).add(noiseLevel(timesteps, x0).mul(noise)));
  }

  /** The velocity √ᾱ ε − √(1−ᾱ) x₀; shapes as in {@link #addNoise}. */
  public Tensor velocity(Tensor x0, Tensor noise, Tensor timesteps) {
    return Torch.tidy(
        () -> signal(timesteps, x0).mul(noise).sub(noiseLevel(timesteps, x0).mul(x0)));
  }

  /** x̂₀ from the noisy picture and the network's output; shapes as in {@link #addNoise}. */
  public Tensor predictOriginal(Tensor noisy, Tensor modelOutput, Tensor timesteps) {
    return Torch.tidy(
        () -> {
          Tensor signal = signal(timesteps, noisy);
          Tensor noiseLevel = noiseLevel(timesteps, noisy);
          return switch (prediction) {
            case EPSILON -> noisy.sub(noiseLevel.mul(modelOutput)).div(signal);
            case V_PREDICTION -> signal.mul(noisy).sub(noiseLevel.mul(modelOutput));
          };
        });
  }

  /**
   * ε̂ from the noisy picture and the network's output, which may be that output itself; shapes as
   * in {@link #addNoise}.
   */
  public Tensor predictEpsilon(Tensor noisy, Tensor modelOutput, Tensor timesteps) {
    return switch (prediction) {
      case EPSILON -> modelOutput;
      case V_PREDICTION ->
          Torch.tidy(
              () ->
                  signal(timesteps, noisy)
                      .mul(modelOutput)
                      .add(noiseLevel(timesteps, noisy).mul(noisy)));
    };
  }

  /**
   * The network's target for {@code noise}: the noise itself or the velocity; shapes as in {@link
   * #addNoise}.
   */
  public Tensor target(Tensor x0, Tensor noise, Tensor timesteps) {
    return switch (prediction) {
      case EPSILON -> noise;
      case V_PREDICTION -> velocity(x0, noise, timesteps);
    };
  }

  /** √ᾱ of each sample, [batch, 1, 1, 1], in the type and on the device of {@code like}. */
  private Tensor signal(Tensor timesteps, Tensor like) {
    return perSample(signals, timesteps, like);
  }

  /** √(1−ᾱ) of each sample, [batch, 1, 1, 1]. */
  private Tensor noiseLevel(Tensor timesteps, Tensor like) {
    return perSample(noiseLevels, timesteps, like);
  }

  private static DeviceConstant table(double[] alphas, DoubleUnaryOperator of) {
    return DeviceConstant.of(Arrays.stream(alphas).map(of).toArray(), alphas.length);
  }

  private static Tensor perSample(DeviceConstant table, Tensor timesteps, Tensor like) {
    return Torch.tidy(
        () ->
            table
                .on(like.device(), ScalarType.Double)
                .index_select(0, timesteps)
                .to(like.scalar_type())
                .view(-1, 1, 1, 1));
  }

  /**
   * Timesteps that a sampler of {@code steps} steps visits, the noisiest first.
   *
   * @throws DsVlmException if the schedule has too few timesteps
   */
  public long[] samplingTimesteps(int steps) {
    if (steps < 1 || steps > trainTimesteps()) {
      throw new DsVlmException(
          "a sampler cannot take "
              + steps
              + " steps where the schedule has "
              + trainTimesteps()
              + " timesteps");
    }
    long[] timesteps =
        IntStream.range(0, steps)
            .map(i -> steps - 1 - i)
            .mapToLong(i -> spacing.timestep(i, steps, trainTimesteps(), stepsOffset))
            .toArray();
    if (timesteps[0] >= trainTimesteps()) {
      throw new DsVlmException(
          "steps_offset "
              + stepsOffset
              + " pushes the first of "
              + steps
              + " steps to timestep "
              + timesteps[0]
              + ", past the last one, "
              + (trainTimesteps() - 1)
              + "; take fewer steps");
    }
    return timesteps;
  }

  /**
   * ᾱ that a sampler aims at when it goes to {@code timestep}, which is below 0 for its last step.
   */
  double targetAlpha(long timestep) {
    if (timestep >= 0) {
      return alphasCumprod[Math.toIntExact(timestep)];
    }
    return lastAlphaIsOne ? 1 : alphasCumprod[0];
  }
}
