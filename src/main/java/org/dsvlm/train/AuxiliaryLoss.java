/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.data.Batch;
import org.dsvlm.models.llava.Features;
import org.dsvlm.train.parallel.RouterWeights;
import org.dsvlm.train.run.Measurement;
import org.jspecify.annotations.Nullable;

/**
 * A loss beside the language loss, over the features of the pictures in a batch. The trainer knows
 * the diffusion supervision through this interface only. Without auxiliary losses, training is
 * LLaVA's own, bit for bit.
 */
public interface AuxiliaryLoss extends AutoCloseable {
  /** In place of a step's number: random draws that no step makes, always the same. */
  long FIXED_DRAW = -1;

  /** Its name in the metrics. */
  String name();

  /** Its factor beside the language loss. */
  double weight();

  /**
   * Whether its gradient reaches the encoder and the connector at {@code step}, counted like that
   * of {@link #loss}; its own parameters learn at every step.
   */
  default boolean reachesFeatures(long step) {
    return true;
  }

  /**
   * Norm that its gradient at the features is scaled to, by that of the losses before it; 0 to
   * leave it as it comes. Its own parameters' gradients are not scaled.
   */
  default double balance() {
    return 0;
  }

  /** Parameters that are trained for this loss, by checkpoint name. */
  Map<String, Tensor> parameters();

  /**
   * The loss of one batch.
   *
   * @param loss scalar with its graph: the mean over the pictures, weight not applied
   * @param router its routers' weights of the features; null without routers
   */
  record Outcome(Tensor loss, @Nullable RouterWeights router) {}

  /**
   * The loss of a batch that has at least one picture.
   *
   * @param features of the batch's pictures, in its order
   * @param step steps of stages 1 and 2 done before, or {@link #FIXED_DRAW}; random draws depend on
   *     it
   */
  Outcome loss(Features features, Batch batch, long step);

  /**
   * Blocks of the vision encoder whose outputs it reads, by the feature's name; 0 is their input.
   */
  default Map<String, Integer> blocks() {
    return Map.of();
  }

  /** Whether it has pictures to show after step number {@code step} of stages 1 and 2. */
  default boolean shows(long step) {
    return false;
  }

  /**
   * Shows fixed pictures as this loss sees them.
   *
   * @param features of these pictures, without gradient
   */
  default void show(long step, Features features, FixedPictures pictures) {}

  /**
   * What the instruments can say of this loss on fixed pictures. It changes nothing of the run.
   *
   * @param features of these pictures, without gradient
   */
  default Measurement measure(Features features, FixedPictures pictures) {
    return Measurement.NONE;
  }

  /**
   * Does a part of the work of {@link #measure}, so that its time can be foreseen, and waits until
   * it is done.
   *
   * @return the part's share of the work
   */
  default double measurePart(Features features, FixedPictures pictures) {
    return 1;
  }

  @Override
  void close();
}
