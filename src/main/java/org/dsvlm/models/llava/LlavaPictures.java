/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import org.dsvlm.image.ImageProcessor;
import org.dsvlm.io.JsonConfig;
import org.jspecify.annotations.Nullable;

/**
 * The picture processing of a LLaVA. A Hugging Face folder describes it in {@code
 * preprocessor_config.json}, where {@code do_pad} of LLaVA's own image processor pads to a square.
 * The original layout has {@code image_aspect_ratio} in config.json for the padding, and the vision
 * tower's file for the rest.
 */
public final class LlavaPictures {
  /** Key of the original layout's config.json, with two of its values. */
  static final String ASPECT_RATIO = "image_aspect_ratio";

  static final String PAD = "pad";
  static final String SQUARE = "square";

  private LlavaPictures() {}

  /**
   * The image processor of the LLaVA in {@code folder}.
   *
   * @throws org.dsvlm.io.DsVlmException if a file is missing or asks for what is not computed here,
   *     naming file and key
   */
  public static ImageProcessor read(Path folder) {
    ImageProcessor processor = ImageProcessor.ofFolder(described(folder));
    @Nullable JsonConfig original = original(folder);
    return original == null ? processor : processor.paddedToSquare(padsToSquare(original));
  }

  /** The settings that {@link #read} begins with, in the keys of preprocessor_config.json. */
  static ObjectNode settings(Path folder) {
    return (ObjectNode) ImageProcessor.settings(described(folder)).json();
  }

  /** Whether the folder, or that of its vision tower, says how pictures are processed. */
  static boolean isDescribed(Path folder) {
    return ImageProcessor.isDescribed(described(folder));
  }

  /** Where the settings are: in the folder, or else in that of the vision tower. */
  private static Path described(Path folder) {
    @Nullable JsonConfig original = original(folder);
    return original == null || ImageProcessor.isDescribed(folder)
        ? folder
        : LlavaFolder.visionFolder(folder, original);
  }

  /** Whether pictures are padded to a square; not if the folder says nothing about pictures. */
  static boolean padsToSquare(Path folder) {
    @Nullable JsonConfig original = original(folder);
    return original != null
        ? padsToSquare(original)
        : ImageProcessor.isDescribed(folder) && ImageProcessor.ofFolder(folder).padsToSquare();
  }

  /** config.json of the original layout; null in another. */
  private static @Nullable JsonConfig original(Path folder) {
    Path config = folder.resolve("config.json");
    if (!Files.exists(config)) {
      return null;
    }
    JsonConfig json = JsonConfig.read(config);
    return OriginalLlavaConfig.matches(json) ? json : null;
  }

  private static boolean padsToSquare(JsonConfig config) {
    String ratio = config.text(ASPECT_RATIO, SQUARE);
    return switch (ratio) {
      case PAD -> true;
      // What CLIP does by itself: resize and crop.
      case SQUARE -> false;
      default ->
          throw config.error(ASPECT_RATIO, "is '" + ratio + "'; computed here are pad and square");
    };
  }
}
