/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.nn.cost.Tape;

/**
 * Shape of a Stable Diffusion autoencoder, as diffusers' {@code vae/config.json} gives it.
 *
 * @param inChannels colours of a picture
 * @param outChannels colours of a decoded picture
 * @param latentChannels depth of the latents
 * @param sampleSize picture side in training; the network itself takes others
 * @param channels width of each level, full resolution first ({@code block_out_channels})
 * @param layersPerBlock resnets in each level of the encoder; the decoder has one more
 * @param midAttention whether the deepest level attends
 * @param scalingFactor latents outside the network are the encoder's times this
 */
public record VaeConfig(
    int inChannels,
    int outChannels,
    int latentChannels,
    int sampleSize,
    List<Integer> channels,
    int layersPerBlock,
    int normGroups,
    boolean midAttention,
    double scalingFactor) {
  static final String CLASS_NAME = "AutoencoderKL";
  private static final String DOWN = "DownEncoderBlock2D";
  private static final String UP = "UpDecoderBlock2D";

  /** Keys that shift or rescale the latents in a way that Stable Diffusion 1.x and 2.x do not. */
  private static final List<String> FOREIGN_PARTS =
      List.of("shift_factor", "latents_mean", "latents_std");

  private static final Set<String> KNOWN =
      Set.of(
          "in_channels",
          "out_channels",
          "latent_channels",
          "sample_size",
          "block_out_channels",
          "down_block_types",
          "up_block_types",
          "layers_per_block",
          "norm_num_groups",
          "mid_block_add_attention",
          "scaling_factor",
          "act_fn",
          "use_quant_conv",
          "use_post_quant_conv",
          // For float16 in Python programs.
          "force_upcast");

  /** That of Stable Diffusion 1.x and 2.x, whose first files do not name it. */
  private static final double DEFAULT_SCALING = 0.18215;

  /**
   * Reads {@code config.json}.
   *
   * @param where the file, for messages
   * @throws org.dsvlm.io.DsVlmException naming the key whose value is missing, impossible, or asks
   *     for a computation that is not implemented
   */
  public static VaeConfig parse(JsonNode json, String where) {
    JsonConfig fields = JsonConfig.of(json, where);
    return fields.collecting(() -> read(fields));
  }

  private static VaeConfig read(JsonConfig fields) {
    DiffusersConfig.requireClass(fields, CLASS_NAME);
    FOREIGN_PARTS.forEach(key -> DiffusersConfig.requireOff(fields, key));
    DiffusersConfig.requireSilu(fields);
    fields.onlySupports("use_quant_conv", true);
    fields.onlySupports("use_post_quant_conv", true);
    List<Integer> channels = DiffusersConfig.sizes(fields, "block_out_channels");
    DiffusersConfig.requireBlocks(fields, "down_block_types", channels.size(), DOWN);
    DiffusersConfig.requireBlocks(fields, "up_block_types", channels.size(), UP);
    int normGroups = fields.size("norm_num_groups", 32);
    for (int width : channels) {
      if (width % normGroups != 0) {
        throw fields.error(
            "norm_num_groups", "is " + normGroups + ", which does not divide the width " + width);
      }
    }
    VaeConfig config =
        new VaeConfig(
            fields.size("in_channels", 3),
            fields.size("out_channels", 3),
            fields.size("latent_channels", 4),
            fields.size("sample_size", 32),
            channels,
            fields.count("layers_per_block", 1),
            normGroups,
            fields.flag("mid_block_add_attention", true),
            fields.number("scaling_factor", DEFAULT_SCALING));
    fields.refuseUnknown(key -> KNOWN.contains(key) || FOREIGN_PARTS.contains(key));
    return config;
  }

  /** The configuration file of this shape. */
  public ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("_class_name", CLASS_NAME);
    json.put("act_fn", "silu");
    json.set("block_out_channels", DiffusersConfig.array(channels));
    json.set("down_block_types", repeated(DOWN));
    json.put("in_channels", inChannels);
    json.put("latent_channels", latentChannels);
    json.put("layers_per_block", layersPerBlock);
    json.put("mid_block_add_attention", midAttention);
    json.put("norm_num_groups", normGroups);
    json.put("out_channels", outChannels);
    json.put("sample_size", sampleSize);
    json.put("scaling_factor", scalingFactor);
    json.set("up_block_types", repeated(UP));
    return json;
  }

  private ArrayNode repeated(String type) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    Collections.nCopies(channels.size(), type).forEach(array::add);
    return array;
  }

  /** The same shape with other latents outside the network: the encoder's times {@code factor}. */
  public VaeConfig withScalingFactor(double factor) {
    return new VaeConfig(
        inChannels,
        outChannels,
        latentChannels,
        sampleSize,
        channels,
        layersPerBlock,
        normGroups,
        midAttention,
        factor);
  }

  /** Picture pixels to one latent, along a side. */
  public int reduction() {
    return 1 << (channels.size() - 1);
  }

  /**
   * Writes down the operations of the encoder.
   *
   * @param pictures of the batch
   * @param side of each, in pixels
   * @param trained whether its weights are; without that, it runs without a graph
   */
  public void costOfEncoder(Tape tape, double pictures, int side, boolean trained) {
    new VaeCost(tape, this, pictures, trained).encode(side);
  }

  /** Writes down the operations of the decoder, whose latents have a gradient; as above. */
  public void costOfDecoder(Tape tape, double pictures, int side, boolean trained) {
    new VaeCost(tape, this, pictures, trained).decode(side);
  }

  /** Width of the deepest level. */
  int deepestWidth() {
    return channels.get(channels.size() - 1);
  }
}
