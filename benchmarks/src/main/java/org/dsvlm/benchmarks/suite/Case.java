/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks.suite;

import java.util.List;

/**
 * One line of the table.
 *
 * @param mode the benchmark's method
 * @param shape the benchmark's parameter {@code shape}
 * @param dtype {@code float32} or {@code bfloat16}
 */
record Case(Operation operation, String mode, String shape, String dtype) {
  private static final String FLOAT = "float32";
  private static final String BFLOAT = "bfloat16";

  /** Stable Diffusion 1.5's four kinds of layers, with four contexts of CLIP's 576 tokens. */
  private static final List<String> ATTENTION =
      List.of(
          "1x4096x8x40:576+576+576+576",
          "1x1024x8x80:576+576+576+576",
          "1x256x8x160:576+576+576+576",
          "1x64x8x160:576+576+576+576");

  /** The same with SigLIP's 729 tokens. */
  private static final List<String> ATTENTION_SIGLIP =
      ATTENTION.stream().map(shape -> shape.replace("576", "729")).toList();

  private static final String PICTURES = "4x3x256x256";

  /** VGG-16's five layers for four pictures of 192 × 192. */
  private static final String VGG = "vgg16:4x192";

  /** A map of Stable Diffusion 1.5's UNet for four pictures of 256 × 256. */
  private static final String MAP = "4x320x32x32";

  /** Parameters of one of its residual blocks. */
  private static final String PARAMETERS = "640x640x3x3+1280x640x1x1+640x1x1x1";

  String name() {
    return operation.stem() + "." + mode + " " + shape + " " + dtype;
  }

  /** The shapes measured without {@code --shapes}, some of them if {@code quick}. */
  static List<Case> standard(boolean quick) {
    Builder cases = new Builder();
    ATTENTION.forEach(s -> cases.add(Operation.MOE_CROSS_ATTENTION, "forwardBackward", s, FLOAT));
    cases.add(Operation.MOE_CROSS_ATTENTION, "forward", ATTENTION.get(0), FLOAT);
    cases.add(Operation.MOE_CROSS_ATTENTION, "forwardBackward", ATTENTION.get(1), BFLOAT);
    cases.both(Operation.SSIM, PICTURES, FLOAT);
    cases.both(Operation.PERCEPTUAL_DISTANCE, VGG, FLOAT);
    cases.both(Operation.GROUP_NORM_SILU, MAP, FLOAT);
    cases.both(Operation.ADAMW, PARAMETERS, FLOAT);
    cases.both(Operation.GRADIENT_NORMS, PARAMETERS, FLOAT);
    cases.add(Operation.TRAINING_STEP, "step", "nano:8", FLOAT);
    cases.add(Operation.GENERATION, "generate", "nano", FLOAT);
    cases.add(Operation.GENERATION, "generate", "34m", FLOAT);
    cases.add(Operation.EVALUATION, "answer", "nano", FLOAT);
    cases.add(Operation.EVALUATION, "answer", "34m", FLOAT);
    cases.add(Operation.DATA_LOADING, "load", "jpeg:640x480", FLOAT);
    cases.add(Operation.DATA_LOADING, "record", "jpeg:640x480", FLOAT);
    if (!quick) {
      ATTENTION.forEach(s -> cases.add(Operation.MOE_CROSS_ATTENTION, "forward", s, FLOAT));
      ATTENTION_SIGLIP.forEach(s -> cases.both(Operation.MOE_CROSS_ATTENTION, s, FLOAT));
      ATTENTION.forEach(s -> cases.both(Operation.MOE_CROSS_ATTENTION, s, BFLOAT));
      cases.both(Operation.SSIM, "16x3x64x64", FLOAT);
      cases.both(Operation.SSIM, PICTURES, BFLOAT);
      cases.both(Operation.PERCEPTUAL_DISTANCE, VGG, BFLOAT);
      cases.both(Operation.GROUP_NORM_SILU, "4x1280x8x8", FLOAT);
      cases.both(Operation.GROUP_NORM_SILU, MAP, BFLOAT);
      cases.both(Operation.ADAMW, PARAMETERS, BFLOAT);
      cases.both(Operation.GRADIENT_NORMS, PARAMETERS, BFLOAT);
      cases.add(Operation.TRAINING_STEP, "step", "nano:8", BFLOAT);
      cases.add(Operation.GENERATION, "generate", "34m", BFLOAT);
      cases.add(Operation.DATA_LOADING, "load", "png:640x480", FLOAT);
    }
    return cases.all.stream()
        .distinct()
        .sorted((a, b) -> a.operation.compareTo(b.operation))
        .toList();
  }

  private static final class Builder {
    private final List<Case> all = new java.util.ArrayList<>();

    void add(Operation operation, String mode, String shape, String dtype) {
      all.add(new Case(operation, mode, shape, dtype));
    }

    void both(Operation operation, String shape, String dtype) {
      operation.modes().forEach(mode -> add(operation, mode, shape, dtype));
    }
  }
}
