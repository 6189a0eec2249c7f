/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.dsvlm.io.JsonConfig;
import org.jspecify.annotations.Nullable;

/**
 * The settings in {@code preprocessor_config.json}.
 *
 * @param processor whose processor it is
 * @param padToSquare whether the picture is padded before the resize; only LLaVA's processor pads;
 *     {@code do_pad} of the others has no effect on pictures of one size
 * @param shortestEdge length of the shorter edge after the resize, or 0
 * @param size width and height after the resize if the ratio is not kept
 * @param crop width and height that are kept from the middle; all without
 * @param rescaleFactor what 8-bit levels are multiplied by
 */
record ImageProcessorConfig(
    ProcessorClass processor,
    boolean padToSquare,
    int shortestEdge,
    int @Nullable [] size,
    int @Nullable [] crop,
    double rescaleFactor,
    boolean normalise,
    double[] mean,
    double[] standardDeviation) {
  /**
   * Keys that are read, followed by keys without effect here: pictures are always RGB, and the
   * others concern Python's own objects.
   */
  private static final Set<String> KNOWN =
      Set.of(
          "image_processor_type",
          "feature_extractor_type",
          "do_pad",
          "do_resize",
          "size",
          "resample",
          "do_center_crop",
          "crop_size",
          "do_rescale",
          "rescale_factor",
          "do_normalize",
          "image_mean",
          "image_std",
          "do_convert_rgb",
          "processor_class",
          "return_tensors",
          "data_format",
          "device");

  /** Keys that name the processor, the present one first. */
  static final List<String> CLASS_KEYS = List.of("image_processor_type", "feature_extractor_type");

  private static final int BICUBIC = 3;

  /** Vision towers take some hundred pixels; a picture of this edge fills 800 MB. */
  private static final int LONGEST_EDGE = 1 << 14;

  /** Keys that are left out take the value that the named processor gives them. */
  static ImageProcessorConfig parse(JsonConfig config) {
    return config.collecting(() -> read(config));
  }

  private static ImageProcessorConfig read(JsonConfig config) {
    config.refuseUnknown(KNOWN::contains);
    String typeKey = CLASS_KEYS.stream().filter(config::has).findFirst().orElse(CLASS_KEYS.get(0));
    ProcessorClass processor = ProcessorClass.parse(config, typeKey);
    config.onlySupports("resample", BICUBIC);
    boolean resize = config.flag("do_resize", true);
    int shortestEdge = resize ? shortestEdge(config, processor) : 0;
    ImageProcessorConfig parsed =
        new ImageProcessorConfig(
            processor,
            processor.padsToSquare() && config.flag("do_pad", false),
            shortestEdge,
            resize && shortestEdge == 0 ? size(config, "size") : null,
            config.flag("do_center_crop", processor.keepsRatio())
                ? size(config, "crop_size")
                : null,
            config.flag("do_rescale", true) ? config.number("rescale_factor", 1 / 255.0) : 1,
            config.flag("do_normalize", true),
            channels(config, "image_mean", processor.mean()),
            channels(config, "image_std", processor.standardDeviation()));
    parsed.requireCropFits(config);
    return parsed;
  }

  /** Old files give one number for {@code size}; 0 if both edges are given. */
  private static int shortestEdge(JsonConfig config, ProcessorClass processor) {
    if (config.has("size") && config.json().get("size").isNumber()) {
      return processor.keepsRatio() ? edge(config, "size") : 0;
    }
    JsonConfig size = config.child("size");
    if (size.has("shortest_edge")) {
      size.refuseUnknown("shortest_edge"::equals);
      return edge(size, "shortest_edge");
    }
    return config.has("size") || !processor.keepsRatio() ? 0 : 224;
  }

  /** Width and height; old files give one number for both. */
  private static int[] size(JsonConfig config, String key) {
    if (!config.has(key)) {
      return new int[] {224, 224};
    }
    if (config.json().get(key).isNumber()) {
      return new int[] {edge(config, key), edge(config, key)};
    }
    JsonConfig size = config.child(key);
    size.refuseUnknown(Set.of("width", "height")::contains);
    return new int[] {edge(size, "width"), edge(size, "height")};
  }

  private static int edge(JsonConfig config, String key) {
    int edge = config.size(key);
    if (edge > LONGEST_EDGE) {
      throw config.error(key, "is " + edge + " pixels; at most " + LONGEST_EDGE + " are made");
    }
    return edge;
  }

  private static double[] channels(JsonConfig config, String key, double[] absent) {
    if (!config.has(key)) {
      return absent;
    }
    JsonNode list = config.json().get(key);
    double[] values = new double[3];
    for (int i = 0; i < 3; i++) {
      if (list.size() != 3 || !list.get(i).isNumber()) {
        throw config.error(key, "is " + Excerpt.of(list) + ", not a list of three numbers");
      }
      values[i] = list.get(i).doubleValue();
      if (values[i] == 0 && key.equals("image_std")) {
        throw config.error(key, "is " + Excerpt.of(list) + "; none of them can be 0");
      }
    }
    return values;
  }

  private void requireCropFits(JsonConfig config) {
    if (crop == null) {
      return;
    }
    int width = size == null ? shortestEdge : size[0];
    int height = size == null ? shortestEdge : size[1];
    if (width > 0 && (crop[0] > width || crop[1] > height)) {
      throw config.error(
          "crop_size",
          "is larger than size; a crop that reaches past the picture is not supported");
    }
  }

  /** Both edges to {@code side} pixels, and levels to [−1, 1]. */
  static ImageProcessorConfig square(int side) {
    ProcessorClass processor = ProcessorClass.SQUARE;
    return new ImageProcessorConfig(
        processor,
        false,
        0,
        new int[] {side, side},
        null,
        1 / 255.0,
        true,
        processor.mean(),
        processor.standardDeviation());
  }

  ImageProcessorConfig withPadding(boolean pad) {
    return new ImageProcessorConfig(
        processor,
        pad,
        shortestEdge,
        size,
        crop,
        rescaleFactor,
        normalise,
        mean,
        standardDeviation);
  }

  /**
   * These settings as {@code preprocessor_config.json}, with every key written out, because LLaVA's
   * processor, which pads, has other defaults than the others.
   */
  ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ProcessorClass written = padToSquare ? ProcessorClass.PADDING : processor;
    json.put("image_processor_type", written.className()).put("do_convert_rgb", true);
    if (written.padsToSquare()) {
      json.put("do_pad", padToSquare);
    }
    json.put("do_resize", shortestEdge > 0 || size != null).put("resample", BICUBIC);
    if (shortestEdge > 0) {
      json.putObject("size").put("shortest_edge", shortestEdge);
    } else if (size != null) {
      json.putObject("size").put("height", size[1]).put("width", size[0]);
    }
    json.put("do_center_crop", crop != null);
    if (crop != null) {
      json.putObject("crop_size").put("height", crop[1]).put("width", crop[0]);
    }
    json.put("do_rescale", rescaleFactor != 1).put("rescale_factor", rescaleFactor);
    json.put("do_normalize", normalise);
    ArrayNode means = json.putArray("image_mean");
    Arrays.stream(mean).forEach(means::add);
    ArrayNode deviations = json.putArray("image_std");
    Arrays.stream(standardDeviation).forEach(deviations::add);
    return json;
  }

  /** The mean as a colour, each channel rounded down as LLaVA does. */
  byte[] meanColour() {
    byte[] colour = new byte[3];
    for (int channel = 0; channel < 3; channel++) {
      colour[channel] = (byte) (int) (mean[channel] * 255);
    }
    return colour;
  }

  /** Width and height after the resize. */
  long[] resizedTo(int width, int height) {
    if (size != null) {
      return new long[] {size[0], size[1]};
    }
    if (shortestEdge == 0) {
      return new long[] {width, height};
    }
    long longer = (long) shortestEdge * Math.max(width, height) / Math.min(width, height);
    return width < height ? new long[] {shortestEdge, longer} : new long[] {longer, shortestEdge};
  }

  /** Width and height that are kept of {@code whole}. */
  int[] croppedTo(long[] whole) {
    if (crop == null) {
      return new int[] {Math.toIntExact(whole[0]), Math.toIntExact(whole[1])};
    }
    if (crop[0] > whole[0] || crop[1] > whole[1]) {
      throw new DsVlmException(
          "a picture of "
              + whole[0]
              + " x "
              + whole[1]
              + " pixels is smaller than the crop_size of "
              + crop[0]
              + " x "
              + crop[1]
              + "; switch do_resize on");
    }
    return crop.clone();
  }
}
