/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.image;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.dsvlm.io.JsonConfig;

/**
 * The image processors that can be computed, by the class that {@code preprocessor_config.json}
 * names. They differ in what keys stand for that are left out, and in padding.
 */
enum ProcessorClass {
  /** Resizes the shorter edge and crops from the middle. */
  CROPPING("CLIP", true, false, Levels.CLIP),
  /** Resizes both edges, whatever the ratio. */
  SQUARE("Siglip", false, false, Levels.SYMMETRIC),
  /** As the first; may pad the picture to a square of the mean colour before. */
  PADDING("Llava", true, true, Levels.CLIP);

  private static final Pattern NAME =
      Pattern.compile("(\\w+?)(ImageProcessor(Fast|Pil)?|FeatureExtractor)");

  private final String prefix;
  private final boolean keepsRatio;
  private final boolean padsToSquare;
  private final Levels levels;

  ProcessorClass(String prefix, boolean keepsRatio, boolean padsToSquare, Levels levels) {
    this.prefix = prefix;
    this.keepsRatio = keepsRatio;
    this.padsToSquare = padsToSquare;
    this.levels = levels;
  }

  /** The class that {@code key} names, in any of its variants. */
  static ProcessorClass parse(JsonConfig config, String key) {
    String name = config.text(key);
    Matcher matcher = NAME.matcher(name);
    return Arrays.stream(values())
        .filter(processor -> matcher.matches() && processor.prefix.equals(matcher.group(1)))
        .findFirst()
        .orElseThrow(
            () ->
                config.error(
                    key,
                    "is \""
                        + name
                        + "\"; supported are "
                        + Arrays.stream(values()).map(ProcessorClass::className).toList()));
  }

  /**
   * The class that goes with a model of that type, as in the transformers library.
   *
   * @param type {@code model_type} of its config.json
   */
  static Optional<ProcessorClass> ofModel(String type) {
    return Arrays.stream(values())
        .filter(
            processor -> {
              String model = processor.prefix.toLowerCase(Locale.ROOT);
              return type.equals(model) || type.startsWith(model + "_");
            })
        .findFirst();
  }

  String className() {
    return prefix + "ImageProcessor";
  }

  /** Whether the shorter edge is resized and the middle kept, unless a file says otherwise. */
  boolean keepsRatio() {
    return keepsRatio;
  }

  /** Whether {@code do_pad} pads the picture to a square. */
  boolean padsToSquare() {
    return padsToSquare;
  }

  double[] mean() {
    return levels.mean();
  }

  double[] standardDeviation() {
    return levels.deviation();
  }

  /** Mean and standard deviation of each channel, levels lying in [0, 1]. */
  private record Levels(double[] mean, double[] deviation) {
    /** Of the pictures that CLIP was trained on. */
    static final Levels CLIP =
        new Levels(
            new double[] {0.48145466, 0.4578275, 0.40821073},
            new double[] {0.26862954, 0.26130258, 0.27577711});

    /** From [0, 1] to [−1, 1]. */
    static final Levels SYMMETRIC =
        new Levels(new double[] {0.5, 0.5, 0.5}, new double[] {0.5, 0.5, 0.5});
  }
}
