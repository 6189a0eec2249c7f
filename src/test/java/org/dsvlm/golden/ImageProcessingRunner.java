/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.golden;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.image.ImageProcessor;
import org.dsvlm.image.Picture;
import org.dsvlm.tensor.Torch;

/**
 * Kind {@code image_processing}. A tensor is called {@code IMAGE.VARIANT.WHAT}; the variant names
 * the processor's folder and whether the picture is padded first.
 */
final class ImageProcessingRunner implements GoldenRunner {
  private static final Pattern NAME =
      Pattern.compile(
          "(?<image>.+)\\.(?<variant>clip_crop|llava_pad|siglip|siglip_pad)(_(?<size>\\d+))?"
              + "\\.(?<what>u8|pixel_values(_f16)?)");

  /** Decoders of JPEG may differ by so many levels, and by half a level on average. */
  private static final int JPEG_LEVELS = 3;

  @Override
  public boolean isInput(String name) {
    return false;
  }

  @Override
  public void run(GoldenCase golden) {
    for (String name : golden.names()) {
      Matcher parts = NAME.matcher(name);
      if (parts.matches()) {
        compare(golden, name, parts);
      } else {
        golden.fail(name + ": no variant that the runner knows");
      }
    }
  }

  private static void compare(GoldenCase golden, String name, Matcher parts) {
    String variant = parts.group("variant");
    boolean siglip = variant.startsWith("siglip");
    String size = parts.group("size") == null ? "" : parts.group("size");
    Path folder = golden.folder().resolve((siglip ? "siglip" : "clip") + size);
    ImageProcessor processor =
        ImageProcessor.read(folder.resolve("preprocessor_config.json"))
            .paddedToSquare(variant.endsWith("_pad"));
    Path file = golden.folder().resolve("images").resolve(parts.group("image"));
    Picture picture = Picture.read(file);
    boolean levels = parts.group("what").equals("u8");
    Tensor actual = levels ? levels(processor.resized(picture)) : processor.pixelValues(picture);
    double level = levels ? 1 : siglip ? 1 / 127.5 : 1 / (255 * 0.26130258);
    double rounding = levels ? 0 : parts.group("what").endsWith("_f16") ? 2e-3 : 1e-5;
    boolean jpeg = parts.group("image").endsWith(".jpg");
    golden.expect(name, actual, 0, rounding + (jpeg ? JPEG_LEVELS * level : 0));
    if (jpeg) {
      Tensor expected = golden.input(name).to(ScalarType.Float);
      double mean = Torch.item(actual.to(ScalarType.Float).sub(expected).abs().mean());
      if (!(mean <= 0.5 * level)) {
        golden.fail(name + ": mean difference of " + mean / level + " levels");
      }
    }
  }

  private static Tensor levels(Picture picture) {
    long[] values = new long[picture.rgb().length];
    for (int i = 0; i < values.length; i++) {
      values[i] = picture.rgb()[i] & 0xff;
    }
    return Torch.of(values, picture.height(), picture.width(), 3);
  }
}
