/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.recipe;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.OptionalDouble;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.supervision.SupervisionConfig;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.train.optim.AdamW;
import org.dsvlm.train.optim.ParameterGroup;

/**
 * Everything that decides a training run, as {@code recipes/defaults.yaml} lists and explains it.
 * {@link RecipeReader} makes one from files and overrides.
 *
 * @param precision type of parameters and activations, by name
 * @param activationCheckpointing whether layers of encoder and language model are run again in the
 *     backward rather than their activations kept
 * @param stepsBefore steps of stages 1 and 2 in the runs that this one continues: draws that depend
 *     on the step go on from there
 * @param visionLearningRate rate of the vision encoder in both stages; 0 freezes it
 * @param diffusionLearningRate rate of a UNet that trains along; 0 stands for the stage's own
 * @param maxSkippedInARow steps in a row with a loss or gradient that is not finite that end the
 *     run
 * @param languageWeight factor of the language loss; 0 leaves the language model out
 * @param supervision the section that the supervisor reads, and {@code enabled}
 */
public record Recipe(
    long seed,
    String precision,
    String device,
    int threads,
    boolean deterministic,
    boolean activationCheckpointing,
    Model model,
    Data data,
    AutoencoderStage stage0,
    Stage stage1,
    Stage stage2,
    long stepsBefore,
    double visionLearningRate,
    double diffusionLearningRate,
    Optimizer optimizer,
    @JsonProperty("max_skipped_in_a_row") int maxSkippedInARow,
    double languageWeight,
    ObjectNode supervision,
    Distributed distributed,
    CheckpointPolicy checkpoint,
    TensorBoard tensorboard,
    InstrumentKeys instruments,
    Report report,
    EvaluationKeys evaluation,
    ValidationKeys validation) {
  private static final Pattern NUMBER = Pattern.compile("-?[0-9]*\\.?[0-9]+(?:[eE]-?[0-9]+)?");

  public Recipe {
    requirePositive("max_skipped_in_a_row", maxSkippedInARow);
    requireNotNegative("threads", threads);
    requireNotNegative("steps_before", stepsBefore);
    requireNotNegative("vision_learning_rate", visionLearningRate);
    requireNotNegative("diffusion_learning_rate", diffusionLearningRate);
    requireNotNegative("language_weight", languageWeight);
  }

  /** The sources of the parts: a path, or keys of the public configuration for random weights. */
  public record Model(
      String llava,
      Vision vision,
      Language language,
      String tokenizer,
      StableDiffusion stableDiffusion,
      Perceptual perceptual,
      Start start) {}

  /**
   * Files whose values parts start from instead of those that they would have; empty: none.
   *
   * @param connector any file that holds the connector
   * @param nonLoraTrainables the original project's file beside a LoRA adapter
   * @param multiAdapter adapters, experts and routers
   */
  public record Start(String connector, String nonLoraTrainables, String multiAdapter) {}

  /** The vision encoder. */
  public record Vision(
      String arch, String path, ObjectNode config, ObjectNode preprocessor, int featureLayer) {
    public Vision {
      requireOneSource(arch, config);
    }
  }

  /** The language model; it trains whole, by LoRA, or not at all. */
  public record Language(
      String arch, String path, ObjectNode config, boolean trainable, Lora lora) {
    public Language {
      requireOneSource(arch, config);
      require(
          !trainable || lora.rank() == 0,
          "trainable is true and lora.rank above 0; it trains whole or by LoRA, not both");
    }
  }

  /**
   * Low-rank adapters of the language model, trained in stage 2; rank 0: none. The adapter in
   * {@code path} brings its own settings.
   */
  public record Lora(
      String path,
      int rank,
      double alpha,
      double dropout,
      String targetModules,
      boolean useRslora) {
    public Lora {
      requireNotNegative("rank", rank);
    }
  }

  /** UNet, autoencoder and noise schedule. */
  public record StableDiffusion(
      String arch,
      String path,
      ObjectNode unet,
      ObjectNode vae,
      ObjectNode scheduler,
      boolean trainable) {
    public StableDiffusion {
      requireOneSource(arch, unet);
    }
  }

  /** The network of the perceptual loss; {@code widths} of the five stages of a random one. */
  public record Perceptual(String path, List<Long> widths) {}

  /** Records and pictures. */
  public record Data(
      String source,
      String stage1,
      String stage2,
      String pictures,
      String validation,
      String validationPictures,
      int maxLength,
      double badRecords,
      int threads,
      Expected expected) {
    public Data {
      requirePositive("max_length", maxLength);
      requireShare("bad_records", badRecords);
      requirePositive("threads", threads);
      require(
          !isNumber(validation) || share(validation) > 0 && share(validation) < 1,
          "validation is a file, or a share above 0 and below 1, not " + validation);
      require(
          validationPictures.isEmpty() || isFile(validation),
          "validation_pictures is the folder of pictures of the file data.validation, which the"
              + " recipe does not name; leave it empty");
    }

    /**
     * The share of the records that is evaluated and not trained on; 0 where a file is, or none.
     */
    public double validationShare() {
      return isNumber(validation) ? share(validation) : 0;
    }

    /** Whether records of a file are evaluated. */
    public boolean hasValidationFile() {
      return isFile(validation);
    }

    private static boolean isFile(String text) {
      return !text.isEmpty() && !isNumber(text);
    }

    private static double share(String text) {
      return Double.parseDouble(text);
    }

    private static boolean isNumber(String text) {
      return NUMBER.matcher(text).matches();
    }
  }

  /** The contents of the two files of records that a plan assumes. */
  public record Expected(ExpectedRecords stage1, ExpectedRecords stage2) {}

  /**
   * A file of records at a guess.
   *
   * @param withPicture share of the records that have a picture
   * @param textTokens mean number of a record's tokens, those of a picture not counted
   */
  public record ExpectedRecords(long records, double withPicture, double textTokens) {
    public ExpectedRecords {
      requireNotNegative("records", records);
      requireShare("with_picture", withPicture);
      requireNotNegative("text_tokens", textTokens);
    }
  }

  /** The stage numbered 1 or 2. */
  public Stage stage(int number) {
    return number == 1 ? stage1 : stage2;
  }

  /** The one of the two stages that the run ends with. */
  public Stage lastStage() {
    return stage2.leftOut() ? stage1 : stage2;
  }

  /** The autoencoder's own fit, before the two stages. */
  public record AutoencoderStage(
      long maxSteps,
      double learningRate,
      int batchSize,
      double warmupRatio,
      double maxGradNorm,
      double klWeight) {
    public AutoencoderStage {
      requireNotNegative("max_steps", maxSteps);
      requireNotNegative("learning_rate", learningRate);
      requirePositive("batch_size", batchSize);
      requireShare("warmup_ratio", warmupRatio);
      requireNotNegative("max_grad_norm", maxGradNorm);
      requireNotNegative("kl_weight", klWeight);
    }
  }

  /** One stage of training; {@code batchSize} records make a step, in micro batches. */
  public record Stage(
      long maxSteps,
      double epochs,
      double learningRate,
      int batchSize,
      int microBatchSize,
      double warmupRatio,
      double weightDecay,
      double maxGradNorm,
      String template,
      boolean padToSquare,
      boolean groupByModalityLength,
      PartRates train,
      StageLosses losses) {
    public Stage {
      requireNotNegative("max_steps", maxSteps);
      requireNotNegative("epochs", epochs);
      requireNotNegative("learning_rate", learningRate);
      requirePositive("batch_size", batchSize);
      requirePositive("micro_batch_size", microBatchSize);
      requireShare("warmup_ratio", warmupRatio);
      requireNotNegative("weight_decay", weightDecay);
      requireNotNegative("max_grad_norm", maxGradNorm);
      requireTemplate(template);
    }

    /** Checked now, because the stage may begin hours into the run. */
    static void requireTemplate(String name) {
      try {
        ConversationTemplate.named(name);
      } catch (DsVlmException e) {
        throw new DsVlmException("template: " + e.getMessage(), e);
      }
    }

    /** Whether the run does without this stage. */
    public boolean leftOut() {
      return maxSteps == 0 && epochs == 0;
    }

    /** Optimizer steps over {@code records}: max_steps, or else those of the epochs. */
    public long steps(long records) {
      return maxSteps > 0 ? maxSteps : (long) Math.ceil(epochs * records / batchSize);
    }
  }

  /** Settings of AdamW. */
  public record Optimizer(double beta1, double beta2, double eps, boolean masterWeights) {
    public Optimizer {
      require(beta1 >= 0 && beta1 < 1, "beta1 has to be from 0 to below 1, not " + beta1);
      require(beta2 >= 0 && beta2 < 1, "beta2 has to be from 0 to below 1, not " + beta2);
      requirePositive("eps", eps);
    }

    /** An optimizer over {@code groups} with these settings. */
    public AdamW over(List<ParameterGroup> groups) {
      return new AdamW(groups, beta1, beta2, eps, masterWeights);
    }
  }

  /**
   * The sharing of work among several processes; without effect for one.
   *
   * @param zero 1: each process keeps its part of the optimizer's state alone; 2: and of the
   *     gradients
   * @param bucketMebibytes of parameters whose gradients are summed up in one go
   */
  public record Distributed(int zero, double bucketMebibytes) {
    private static final int MOST = 2;

    public Distributed {
      require(
          zero >= 0 && zero <= MOST,
          "zero has to be 0, 1 (each process keeps its part of the optimizer's state alone) or 2"
              + " (and of the gradients), not "
              + zero);
      requirePositive("bucket_mebibytes", bucketMebibytes);
    }
  }

  /** How often a checkpoint is written and how many are kept. */
  public record CheckpointPolicy(long everySteps, int keep) {
    public CheckpointPolicy {
      requireNotNegative("every_steps", everySteps);
      requirePositive("keep", keep);
    }
  }

  /** How often TensorBoard is shown reconstructions; 0: never. */
  public record TensorBoard(long picturesEverySteps) {
    public TensorBoard {
      requireNotNegative("pictures_every_steps", picturesEverySteps);
    }
  }

  /** How many pictures of the report's film strip, and the sampler's steps to them. */
  public record Report(int pictures, int samplerSteps) {
    public Report {
      requireNotNegative("pictures", pictures);
      requirePositive("sampler_steps", samplerSteps);
    }
  }

  /** The section that the supervisor reads. */
  public SupervisionConfig supervisionConfig() {
    return SupervisionConfig.parse(
        supervision.deepCopy().without("enabled"), "recipe: supervision");
  }

  /** Rate of a part in the stage numbered 1 or 2; empty if it is frozen there. */
  public OptionalDouble rate(int stage, TrainedPart part) {
    return new StageRules(this).rate(stage, part);
  }

  /** Whether a part trains in any stage that the run has. */
  public boolean trains(TrainedPart part) {
    return IntStream.of(1, 2)
        .anyMatch(stage -> !stage(stage).leftOut() && rate(stage, part).isPresent());
  }

  /** Whether the language loss counts in the stage numbered 1 or 2. */
  public boolean hasLanguageLoss(int stage) {
    return new StageRules(this).language(stage);
  }

  /** Whether the reconstruction loss counts in the stage numbered 1 or 2. */
  public boolean hasReconstructionLoss(int stage) {
    return new StageRules(this).reconstruction(stage);
  }

  /** Whether the diffusion model supervises. */
  public boolean supervised() {
    return supervision.path("enabled").asBoolean();
  }

  static void requireOneSource(String arch, ObjectNode config) {
    require(
        arch.isEmpty() || config.isEmpty(),
        "arch is '" + arch + "', and a configuration is given too; one of them has to do");
  }

  static void requirePositive(String key, Number value) {
    require(value.doubleValue() > 0, key + " has to be above 0, not " + value);
  }

  static void requireNotNegative(String key, Number value) {
    require(value.doubleValue() >= 0, key + " has to be 0 or more, not " + value);
  }

  static void requireShare(String key, double value) {
    require(value >= 0 && value <= 1, key + " has to be from 0 to 1, not " + value);
  }

  /** {@code message} begins with a key of the section; the reader puts the section before it. */
  static void require(boolean holds, String message) {
    if (!holds) {
      throw new DsVlmException(message);
    }
  }
}
