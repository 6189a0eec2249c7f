/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.kernels.BicubicWeights;
import org.dsvlm.kernels.PictureResize;
import org.dsvlm.tensor.Torch;

/**
 * Turns a picture into a vision tower's input, as {@code preprocessor_config.json} describes it:
 * bicubic resize (of the shorter edge, then a crop from the middle; or of both edges, whatever the
 * ratio), levels to [0, 1], then minus mean, over standard deviation. LLaVA may pad the picture to
 * a square first.
 *
 * <p>Safe for use by several threads.
 */
public final class ImageProcessor {
  /** Longest edge that is padded to a square; a longer one would take seconds and gigabytes. */
  private static final int LONGEST_PADDED_EDGE = 1 << 16;

  private static final String PREPROCESSOR = "preprocessor_config.json";
  private static final String PROCESSOR = "processor_config.json";
  private static final String NESTED = "image_processor";
  private static final String MODEL = "config.json";

  private static final int LEVELS_AT_ONCE = 1 << 13;

  private final ImageProcessorConfig config;
  private final float[][] values;

  ImageProcessor(ImageProcessorConfig config) {
    this.config = config;
    this.values = new float[3][256];
    for (int channel = 0; channel < 3; channel++) {
      for (int level = 0; level < 256; level++) {
        double scaled = level * config.rescaleFactor();
        double normalised = (scaled - config.mean()[channel]) / config.standardDeviation()[channel];
        values[channel][level] = (float) (config.normalise() ? normalised : scaled);
      }
    }
  }

  /**
   * Reads the settings of one of {@link ProcessorClass}.
   *
   * @param where the file, for messages
   * @throws DsVlmException naming file and key, for another processor or a setting that is not
   *     computed here
   */
  public static ImageProcessor parse(JsonNode preprocessorConfig, String where) {
    return new ImageProcessor(ImageProcessorConfig.parse(JsonConfig.of(preprocessorConfig, where)));
  }

  /** Reads {@code preprocessor_config.json} like {@link #parse}. */
  public static ImageProcessor read(Path file) {
    JsonConfig settings = withClass(JsonConfig.read(file), file.resolveSibling(MODEL));
    return new ImageProcessor(ImageProcessorConfig.parse(settings));
  }

  /**
   * Reads the settings that {@code folder} holds: those under {@code image_processor} of its
   * processor_config.json, as transformers 5 writes them, or its preprocessor_config.json.
   *
   * @throws DsVlmException if it holds neither, or as {@link #parse} does
   */
  public static ImageProcessor ofFolder(Path folder) {
    return new ImageProcessor(ImageProcessorConfig.parse(settings(folder)));
  }

  /** Whether {@code folder} says how pictures are processed. */
  public static boolean isDescribed(Path folder) {
    return Files.exists(folder.resolve(PREPROCESSOR)) || nested(folder).isPresent();
  }

  /**
   * The settings that {@link #ofFolder} reads, in the keys of preprocessor_config.json.
   *
   * @throws DsVlmException if the folder holds none
   */
  public static JsonConfig settings(Path folder) {
    return withClass(own(folder), folder.resolve(MODEL));
  }

  private static JsonConfig own(Path folder) {
    return nested(folder)
        .orElseGet(
            () -> {
              Path file = folder.resolve(PREPROCESSOR);
              if (!Files.exists(file)) {
                throw new DsVlmException(
                    folder
                        + ": does not say how pictures are processed: neither "
                        + PREPROCESSOR
                        + " nor "
                        + PROCESSOR
                        + " with '"
                        + NESTED
                        + "' is there; copy the file that belongs to the model into it");
              }
              return JsonConfig.read(file);
            });
  }

  /**
   * {@code settings} with the processor that the transformers library takes for the kind of model,
   * if they name none.
   *
   * @param model its config.json, which may not be there
   */
  private static JsonConfig withClass(JsonConfig settings, Path model) {
    boolean named = ImageProcessorConfig.CLASS_KEYS.stream().anyMatch(settings::has);
    if (!named && Files.isRegularFile(model)) {
      ProcessorClass.ofModel(JsonConfig.read(model).text("model_type", ""))
          .ifPresent(
              processor ->
                  ((ObjectNode) settings.json())
                      .put(ImageProcessorConfig.CLASS_KEYS.get(0), processor.className()));
    }
    return settings;
  }

  private static Optional<JsonConfig> nested(Path folder) {
    Path file = folder.resolve(PROCESSOR);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    JsonConfig processor = JsonConfig.read(file);
    return processor.has(NESTED) ? Optional.of(processor.child(NESTED)) : Optional.empty();
  }

  /** Both edges to {@code side} pixels, whatever the ratio, and levels to [−1, 1]. */
  public static ImageProcessor square(int side) {
    return new ImageProcessor(ImageProcessorConfig.square(side));
  }

  /**
   * The same processor with the picture padded to a square of the mean colour first, as LLaVA's
   * {@code image_aspect_ratio: pad} does, or without that.
   */
  public ImageProcessor paddedToSquare(boolean pad) {
    return new ImageProcessor(config.withPadding(pad));
  }

  /** Whether pictures are padded to a square. */
  public boolean padsToSquare() {
    return config.padToSquare();
  }

  /**
   * This processor as {@code preprocessor_config.json}: transformers makes the same pixels of a
   * picture by it (exactly those with its Pillow backend).
   */
  public ObjectNode toJson() {
    return config.toJson();
  }

  /**
   * The picture padded, resized and cropped, still in 8 bits.
   *
   * @throws DsVlmException if the picture is smaller than the crop, or too long to be padded
   */
  public Picture resized(Picture picture) {
    int width = picture.width();
    int height = picture.height();
    PictureResize.Canvas canvas = PictureResize.Canvas.NONE;
    if (config.padToSquare()) {
      requirePaddable(picture);
      int side = Math.max(width, height);
      canvas =
          new PictureResize.Canvas((side - width) / 2, (side - height) / 2, config.meanColour());
      width = side;
      height = side;
    }
    long[] whole = config.resizedTo(width, height);
    int[] kept = config.croppedTo(whole);
    byte[] resized =
        PictureResize.resize(
            picture.rgb(),
            picture.width(),
            picture.height(),
            canvas,
            weights(width, whole[0], kept[0]),
            weights(height, whole[1], kept[1]));
    return new Picture(kept[0], kept[1], resized);
  }

  private static BicubicWeights weights(int inSize, long outSize, int kept) {
    return new BicubicWeights(inSize, outSize, (outSize - kept) / 2, kept);
  }

  private static void requirePaddable(Picture picture) {
    if (Math.max(picture.width(), picture.height()) > LONGEST_PADDED_EDGE) {
      throw new DsVlmException(
          "a picture of "
              + picture.width()
              + " x "
              + picture.height()
              + " pixels is too long to be padded to a square (limit "
              + LONGEST_PADDED_EDGE
              + "); scale it down");
    }
  }

  /** The vision tower's input: float32 [3, height, width]. */
  public Tensor pixelValues(Picture picture) {
    return normalised(resized(picture));
  }

  /** The vision tower's input from a picture that is {@link #resized} already. */
  public Tensor normalised(Picture resized) {
    byte[] rgb = resized.rgb();
    int pixels = resized.width() * resized.height();
    return Torch.tidy(
        () -> {
          Tensor planes = torch.empty(3, resized.height(), resized.width());
          FloatPointer to = planes.data_ptr_float();
          // Piece by piece: whole planes would be large arrays, which the heap is slow to give.
          float[] piece = new float[Math.min(pixels, LEVELS_AT_ONCE)];
          for (int channel = 0; channel < 3; channel++) {
            float[] values = this.values[channel];
            for (int begin = 0; begin < pixels; begin += piece.length) {
              int count = Math.min(piece.length, pixels - begin);
              int from = 3 * begin + channel;
              for (int i = 0; i < count; i++) {
                piece[i] = values[rgb[from + 3 * i] & 0xff];
              }
              to.position((long) channel * pixels + begin).put(piece, 0, count);
            }
          }
          return planes;
        });
  }
}
