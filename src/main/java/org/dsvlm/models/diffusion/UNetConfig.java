/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.nn.cost.Tape;

/**
 * Shape of a Stable Diffusion UNet, as diffusers' {@code unet/config.json} gives it (1.x and 2.x).
 *
 * <p>Lists have one entry per level, widest picture first.
 *
 * @param sampleSize latents' side in training; the network itself takes any side
 * @param channels width of each level ({@code block_out_channels})
 * @param downAttention levels whose down block holds transformers
 * @param upAttention the same of the up blocks, in running order: deepest level first
 * @param heads attention heads of each level; the file's key is {@code attention_head_dim}, a
 *     naming fault that diffusers keeps for compatibility
 * @param transformerLayers transformer blocks in each spatial transformer
 * @param linearProjection whether transformers project by a linear layer (2.x) or a 1×1 convolution
 * @param flipSinToCos whether the timestep embedding has its cosine half first
 */
public record UNetConfig(
    int inChannels,
    int outChannels,
    int sampleSize,
    List<Integer> channels,
    List<Boolean> downAttention,
    List<Boolean> upAttention,
    int layersPerBlock,
    List<Integer> heads,
    List<Integer> transformerLayers,
    int crossAttentionDim,
    boolean linearProjection,
    int normGroups,
    double normEps,
    boolean flipSinToCos,
    double frequencyShift) {
  static final String CLASS_NAME = "UNet2DConditionModel";
  private static final String DOWN_PLAIN = "DownBlock2D";
  private static final String DOWN_ATTENTION = "CrossAttnDownBlock2D";
  private static final String UP_PLAIN = "UpBlock2D";
  private static final String UP_ATTENTION = "CrossAttnUpBlock2D";

  private static final String HEADS = "attention_head_dim";

  /** Keys that add a part to the network which Stable Diffusion 1.x and 2.x do not have. */
  private static final List<String> FOREIGN_PARTS =
      List.of(
          "center_input_sample",
          "only_cross_attention",
          "mid_block_only_cross_attention",
          "dual_cross_attention",
          "encoder_hid_dim",
          "encoder_hid_dim_type",
          "addition_embed_type",
          "class_embed_type",
          "num_class_embeds",
          "class_embeddings_concat",
          "time_embedding_dim",
          "time_embedding_act_fn",
          "timestep_post_act",
          "time_cond_proj_dim",
          "cross_attention_norm",
          "resnet_skip_time_act",
          "reverse_transformer_layers_per_block");

  /** Other keys, of which some say no more than how a part is shaped that is not there. */
  private static final Set<String> KNOWN =
      Set.of(
          "sample_size",
          "in_channels",
          "out_channels",
          "block_out_channels",
          "down_block_types",
          "mid_block_type",
          "up_block_types",
          "layers_per_block",
          "attention_head_dim",
          "num_attention_heads",
          "transformer_layers_per_block",
          "cross_attention_dim",
          "use_linear_projection",
          "norm_num_groups",
          "norm_eps",
          "flip_sin_to_cos",
          "freq_shift",
          "act_fn",
          "attention_type",
          "time_embedding_type",
          "resnet_time_scale_shift",
          "resnet_out_scale_factor",
          "mid_block_scale_factor",
          "downsample_padding",
          "conv_in_kernel",
          "conv_out_kernel",
          "dropout",
          "upcast_attention",
          "addition_time_embed_dim",
          "addition_embed_type_num_heads",
          "projection_class_embeddings_input_dim");

  /**
   * Reads {@code config.json}, the short form of the public files or the full one.
   *
   * @param where the file, for messages
   * @throws org.dsvlm.io.DsVlmException naming the key whose value is missing, impossible, or asks
   *     for a computation that is not implemented
   */
  public static UNetConfig parse(JsonNode json, String where) {
    JsonConfig fields = JsonConfig.of(json, where);
    return fields.collecting(() -> read(fields));
  }

  private static UNetConfig read(JsonConfig fields) {
    DiffusersConfig.requireClass(fields, CLASS_NAME);
    requireStableDiffusion(fields);
    List<Integer> channels = DiffusersConfig.sizes(fields, "block_out_channels");
    int levels = channels.size();
    String headsKey = fields.has("num_attention_heads") ? "num_attention_heads" : HEADS;
    UNetConfig config =
        new UNetConfig(
            fields.size("in_channels", 4),
            fields.size("out_channels", 4),
            fields.size("sample_size", 64),
            channels,
            DiffusersConfig.attentionPerLevel(
                fields, "down_block_types", levels, DOWN_PLAIN, DOWN_ATTENTION),
            DiffusersConfig.attentionPerLevel(
                fields, "up_block_types", levels, UP_PLAIN, UP_ATTENTION),
            fields.count("layers_per_block", 2),
            DiffusersConfig.sizePerLevel(fields, headsKey, levels, 8),
            DiffusersConfig.sizePerLevel(fields, "transformer_layers_per_block", levels, 1),
            fields.size("cross_attention_dim"),
            fields.flag("use_linear_projection", false),
            fields.size("norm_num_groups", 32),
            fields.number("norm_eps", 1e-5),
            fields.flag("flip_sin_to_cos", true),
            fields.number("freq_shift", 0));
    config.requireDivisible(fields, headsKey);
    fields.refuseUnknown(key -> KNOWN.contains(key) || FOREIGN_PARTS.contains(key));
    return config;
  }

  private static void requireStableDiffusion(JsonConfig fields) {
    FOREIGN_PARTS.forEach(key -> DiffusersConfig.requireOff(fields, key));
    DiffusersConfig.requireSilu(fields);
    fields.onlySupports("mid_block_type", "UNetMidBlock2DCrossAttn");
    fields.onlySupports("attention_type", "default");
    fields.onlySupports("time_embedding_type", "positional");
    fields.onlySupports("resnet_time_scale_shift", "default");
    fields.onlySupports("resnet_out_scale_factor", 1);
    fields.onlySupports("mid_block_scale_factor", 1);
    fields.onlySupports("downsample_padding", 1);
    fields.onlySupports("conv_in_kernel", 3);
    fields.onlySupports("conv_out_kernel", 3);
    fields.onlySupports("dropout", 0);
  }

  private void requireDivisible(JsonConfig fields, String headsKey) {
    if (channels.get(0) % 2 != 0) {
      throw fields.error(
          "block_out_channels",
          "starts with " + channels.get(0) + "; the timestep" + " embedding needs an even width");
    }
    for (int level = 0; level < levels(); level++) {
      int width = channels.get(level);
      if (width % normGroups != 0) {
        throw fields.error(
            "norm_num_groups", "is " + normGroups + ", which does not divide the width " + width);
      }
      if (attendsAt(level) && width % heads.get(level) != 0) {
        throw fields.error(
            headsKey,
            "(the number of heads) is "
                + heads.get(level)
                + " at level "
                + level
                + ", which does not divide the width "
                + width);
      }
    }
  }

  private boolean attendsAt(int level) {
    int deepest = levels() - 1;
    return downAttention.get(level) || upAttention.get(deepest - level) || level == deepest;
  }

  /** The configuration file of this shape, with the keys of the public files. */
  public ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("_class_name", CLASS_NAME);
    json.put("act_fn", "silu");
    json.set(HEADS, DiffusersConfig.array(heads));
    json.set("block_out_channels", DiffusersConfig.array(channels));
    json.put("center_input_sample", false);
    json.put("cross_attention_dim", crossAttentionDim);
    json.set("down_block_types", names(downAttention, DOWN_PLAIN, DOWN_ATTENTION));
    json.put("downsample_padding", 1);
    json.put("flip_sin_to_cos", flipSinToCos);
    json.put("freq_shift", frequencyShift);
    json.put("in_channels", inChannels);
    json.put("layers_per_block", layersPerBlock);
    json.put("mid_block_scale_factor", 1);
    json.put("norm_eps", normEps);
    json.put("norm_num_groups", normGroups);
    json.put("out_channels", outChannels);
    json.put("sample_size", sampleSize);
    json.set("transformer_layers_per_block", DiffusersConfig.array(transformerLayers));
    json.set("up_block_types", names(upAttention, UP_PLAIN, UP_ATTENTION));
    json.put("use_linear_projection", linearProjection);
    return json;
  }

  private static ArrayNode names(List<Boolean> attends, String plain, String attention) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    attends.forEach(attend -> array.add(attend ? attention : plain));
    return array;
  }

  /** How many resolutions the network works at. */
  public int levels() {
    return channels.size();
  }

  /** Width of the timestep embedding. */
  public int timeWidth() {
    return 4 * channels.get(0);
  }

  /** Writes down the operations of {@code pass} through a network of this shape. */
  public void cost(Tape tape, UNetPass pass) {
    new UNetCost(tape, this, pass).record();
  }

  /** Shape of the transformers of one level. */
  TransformerShape transformer(int level) {
    return new TransformerShape(
        channels.get(level),
        heads.get(level),
        transformerLayers.get(level),
        crossAttentionDim,
        linearProjection,
        normGroups);
  }

  /**
   * Widths of the hidden states that the down path leaves for the up path, in the order they are
   * made: {@code conv_in}, then each level's resnets and its downsampler.
   */
  public List<Integer> skipWidths() {
    List<Integer> widths = new ArrayList<>(List.of(channels.get(0)));
    for (int level = 0; level < levels(); level++) {
      int made = level < levels() - 1 ? layersPerBlock + 1 : layersPerBlock;
      for (int i = 0; i < made; i++) {
        widths.add(channels.get(level));
      }
    }
    return widths;
  }
}
