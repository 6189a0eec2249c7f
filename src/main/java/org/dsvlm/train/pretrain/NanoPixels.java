/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.tensor.Torch;

/** Pictures of the world as CLIP takes them, in CLIP's own normalisation. */
final class NanoPixels {
  /** File of {@link #preprocessor}. */
  static final String PREPROCESSOR = "preprocessor_config.json";

  private static final double[] MEAN = {0.48145466, 0.4578275, 0.40821073};
  private static final double[] DEVIATION = {0.26862954, 0.26130258, 0.27577711};
  private static final int BICUBIC = 3;

  private NanoPixels() {}

  /** x: [pictures, 3, side, side] in [-1, 1] in, normalised out. */
  static Tensor forClip(Tensor x) {
    return Torch.tidy(
        () ->
            x.add(Torch.scalar(1))
                .mul(Torch.scalar(0.5))
                .sub(Torch.of(MEAN, 1, 3, 1, 1).to(x))
                .div(Torch.of(DEVIATION, 1, 3, 1, 1).to(x)));
  }

  /** The same as a {@code preprocessor_config.json}. */
  static ObjectNode preprocessor(int side) {
    ObjectNode json = new ObjectMapper().createObjectNode();
    json.put("image_processor_type", "CLIPImageProcessor").put("do_resize", true);
    json.putObject("size").put("shortest_edge", side);
    json.put("do_center_crop", true).putObject("crop_size").put("height", side).put("width", side);
    json.put("do_rescale", true).put("rescale_factor", 1 / 255.0).put("do_normalize", true);
    add(json.putArray("image_mean"), MEAN);
    add(json.putArray("image_std"), DEVIATION);
    return json.put("do_convert_rgb", true).put("resample", BICUBIC);
  }

  private static void add(ArrayNode array, double[] values) {
    for (double value : values) {
      array.add(value);
    }
  }
}
