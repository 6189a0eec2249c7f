/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.data.Batch;
import org.dsvlm.models.llava.LlavaConfig;
import org.dsvlm.supervision.SupervisionDraw;
import org.dsvlm.tensor.Torch;
import org.dsvlm.text.TokenizedConversation;
import org.dsvlm.train.TrainingStage;
import org.dsvlm.train.TrainingStep;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.weights.safetensors.SafetensorsWriter;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;

/**
 * A whole step of stage 2 with supervision, as a run takes it ({@link TrainingStep}): fresh noise,
 * both losses, the backward passes, clipping, the update of everything but the autoencoder and the
 * perceptual network, and the metrics. The batch, one micro batch of random numbers, stays the
 * same.
 */
public class TrainingStepBenchmark extends SuiteBenchmark {
  private static final int STAGE = 2;

  /** So many that the cosine stays at its beginning: the rate is constant. */
  private static final long STEPS = 1L << 40;

  private static final int CHECKED_STEPS = 2;

  /** The tokenizer's first ids, the picture's own among them. */
  private static final long SPECIAL_TOKENS = 16;

  private static final int TEXT_TOKENS = 32;
  private static final int ANSWER_TOKENS = 16;

  /** Recipe and pictures a step. */
  @Param("nano:8")
  public String shape;

  @Param({"float32", "bfloat16"})
  public String dtype;

  private Inputs inputs;
  private TrainingStage stage;
  private Batch batch;
  private long done;

  @Setup
  public void open() {
    if (!shape.matches("nano:[1-9]\\d{0,3}")) {
      throw new IllegalArgumentException("shape '" + shape + "' is none like nano:8");
    }
    Recipe recipe = BenchmarkModels.pretrained(dtype);
    stage = TrainingStage.open(recipe, STAGE, STEPS, step -> List.of(batch));
    inputs = new Inputs("float32");
    batch = draw(Integer.parseInt(shape.substring("nano:".length())), recipe);
  }

  /** Draws the batch; the peer does so in the same order. */
  private Batch draw(int size, Recipe recipe) {
    LlavaConfig config = stage.config();
    int side = config.vision().imageSize();
    int pictureSize = recipe.supervisionConfig().pictureSize();
    Tensor pixelValues = inputs.normal(size, 3, side, side);
    Tensor picture = inputs.uniform(size, 3, pictureSize, pictureSize);
    try (PointerScope scope = new PointerScope()) {
      Tensor text =
          torch
              .rand(size, TEXT_TOKENS)
              .mul(Torch.scalar(config.text().vocabularySize() - SPECIAL_TOKENS))
              .to(ScalarType.Long);
      text.add_(new Scalar(SPECIAL_TOKENS));
      Tensor image =
          torch.full(
              new long[] {size, config.imageTokens()},
              new Scalar(config.imageToken()),
              Torch.options(ScalarType.Long));
      Tensor inputIds = Torch.cat(1, image, text);
      Tensor labels = inputIds.clone();
      labels
          .narrow(1, 0, inputIds.size(1) - ANSWER_TOKENS)
          .fill_(new Scalar(TokenizedConversation.IGNORED));
      int[] pictures = new int[size];
      Arrays.fill(pictures, 1);
      return new Batch(
          Torch.keep(inputIds),
          Torch.keep(torch.ones_like(inputIds)),
          Torch.keep(labels),
          Torch.keep(pixelValues.clone()),
          Torch.keep(picture.clone()),
          pictures,
          LongStream.range(0, size).toArray());
    }
  }

  @TearDown
  public void close() {
    batch.close();
    inputs.close();
    stage.close();
  }

  @Benchmark
  public void step(Blackhole hole) {
    hole.consume(stage.step().run(done++));
  }

  /**
   * The losses of the first two steps: the second one sees the first one's update. Their noise and
   * timesteps, which come of the run's own generator, go to a file for the peer.
   */
  @Override
  public double[] check(String mode) {
    writeDraws();
    double[] losses = new double[CHECKED_STEPS];
    for (int i = 0; i < CHECKED_STEPS; i++) {
      losses[i] = stage.step().run(done++).loss();
    }
    return losses;
  }

  /** The pictures that are not there for the noise's loss alone, int64. */
  private Tensor reconstructed(SupervisionDraw draw) {
    SupervisionDraw.Parts parts = draw.parts();
    return parts != null
        ? parts.reconstructed()
        : torch.arange(new Scalar(batch.size()), Torch.options(ScalarType.Long));
  }

  private void writeDraws() {
    try (PointerScope scope = new PointerScope()) {
      Map<String, Tensor> draws = new LinkedHashMap<>();
      for (long i = 0; i < CHECKED_STEPS; i++) {
        SupervisionDraw draw = stage.draw(batch, done + i);
        draws.put("timesteps." + i, draw.timesteps());
        draws.put("noise." + i, draw.noise());
        draws.put("reconstructed." + i, reconstructed(draw));
      }
      SafetensorsWriter.write(
          BenchmarkModels.folder().resolve("training_step." + batch.size() + ".safetensors"),
          draws);
    }
  }
}
