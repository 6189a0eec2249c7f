/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.llava;

import java.nio.file.Files;
import java.nio.file.Path;
import org.dsvlm.tensor.JsonConfig;
import org.dsvlm.vision.ImageProcessor;

/**
 * How a LLaVA wants its pictures. A Hugging Face folder says it in {@code
 * preprocessor_config.json}, where {@code do_pad} of LLaVA's own image processor pads to a square.
 * The original layout has {@code image_aspect_ratio} in config.json for that, and for the rest the
 * file of its vision tower.
 */
public final class LlavaPictures {
  private static final String FILE = "preprocessor_config.json";
  private static final String ASPECT_RATIO = "image_aspect_ratio";

  private LlavaPictures() {}

  /**
   * The image processor of the LLaVA in {@code folder}.
   *
   * @throws org.dsvlm.tensor.DsVlmException if a file is missing or asks for what is not computed
   *     here, naming file and key
   */
  public static ImageProcessor read(Path folder) {
    Path config = folder.resolve("config.json");
    if (!Files.exists(config)) {
      return ImageProcessor.read(folder.resolve(FILE));
    }
    JsonConfig json = JsonConfig.read(config);
    if (!OriginalLlavaConfig.matches(json)) {
      return ImageProcessor.read(folder.resolve(FILE));
    }
    Path own = folder.resolve(FILE);
    ImageProcessor processor =
        ImageProcessor.read(
            Files.exists(own) ? own : folder.resolve(json.text("mm_vision_tower")).resolve(FILE));
    return processor.paddedToSquare(padsToSquare(json));
  }

  private static boolean padsToSquare(JsonConfig config) {
    String ratio = config.text(ASPECT_RATIO, "square");
    return switch (ratio) {
      case "pad" -> true;
      // What CLIP does by itself: resize and crop.
      case "square" -> false;
      default ->
          throw config.error(ASPECT_RATIO, "is '" + ratio + "'; computed here are pad and square");
    };
  }
}
