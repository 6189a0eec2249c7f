/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.nn.Conv2d;
import org.dsvlm.nn.GroupNorm;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;

/**
 * The denoising network of Stable Diffusion (Rombach et al. 2022): a convolutional U-shape whose
 * transformers attend to the conditioning tokens. Parameters bear diffusers' names.
 */
public final class UNet {
  private final TimestepEmbedding timeEmbedding;
  private final Conv2d convIn;
  private final List<DownBlock> downBlocks = new ArrayList<>();
  private final MidBlock midBlock;
  private final List<UpBlock> upBlocks = new ArrayList<>();
  private final GroupNorm normOut;
  private final Conv2d convOut;
  private final UNetConfig config;
  private final int prefixLength;

  public UNet(Parameters unet, UNetConfig config) {
    this.config = config;
    this.prefixLength = unet.name("").length();
    int widest = config.channels().get(0);
    convIn = Conv2d.withBias(unet.at("conv_in"), config.inChannels(), widest, 3, 1, 1);
    timeEmbedding = new TimestepEmbedding(unet.at("time_embedding"), config);
    for (int level = 0; level < config.levels(); level++) {
      downBlocks.add(new DownBlock(unet.at("down_blocks").at(level), config, level));
    }
    midBlock = new MidBlock(unet.at("mid_block"), config);
    Deque<Integer> skipWidths = new ArrayDeque<>(config.skipWidths());
    for (int index = 0; index < config.levels(); index++) {
      upBlocks.add(new UpBlock(unet.at("up_blocks").at(index), config, index, skipWidths));
    }
    normOut =
        new GroupNorm(unet.at("conv_norm_out"), config.normGroups(), widest, config.normEps());
    convOut = Conv2d.withBias(unet.at("conv_out"), widest, config.outChannels(), 3, 1, 1);
  }

  /**
   * Predicts the noise or the velocity of a noisy picture, as the schedule says.
   *
   * @param sample noisy latents, [batch, inChannels, height, width]
   * @param timesteps int64 [batch]
   * @param contexts conditioning tokens, each [batch, tokens, crossAttentionDim]; plain Stable
   *     Diffusion has one
   * @return [batch, outChannels, height, width]
   * @throws DsVlmException if latents or contexts have another width than the network
   */
  public Tensor forward(Tensor sample, Tensor timesteps, List<Tensor> contexts) {
    return forward(sample, timesteps, contexts, (name, hidden) -> {});
  }

  /** As above; {@code observer} sees each part's output under the part's name, for debugging. */
  Tensor forward(
      Tensor sample, Tensor timesteps, List<Tensor> contexts, BiConsumer<String, Tensor> observer) {
    requireWidth("latents", sample, 1, "in_channels", config.inChannels());
    for (Tensor context : contexts) {
      requireWidth("contexts", context, 2, "cross_attention_dim", config.crossAttentionDim());
    }
    return Torch.tidy(
        () -> {
          Tensor time = timeEmbedding.forward(timesteps, sample.scalar_type());
          observer.accept("time_embedding", time);
          Tensor hidden = convIn.forward(sample);
          observer.accept("conv_in", hidden);
          Deque<Tensor> skips = new ArrayDeque<>(List.of(hidden));
          for (int i = 0; i < downBlocks.size(); i++) {
            hidden = downBlocks.get(i).forward(hidden, time, contexts, skips::addLast);
            observer.accept("down_blocks." + i, hidden);
          }
          hidden = midBlock.forward(hidden, time, contexts);
          observer.accept("mid_block", hidden);
          for (int i = 0; i < upBlocks.size(); i++) {
            hidden = upBlocks.get(i).forward(hidden, time, contexts, skips);
            observer.accept("up_blocks." + i, hidden);
          }
          return convOut.forward(normOut.forwardSilu(hidden));
        });
  }

  private static void requireWidth(String what, Tensor tensor, int dim, String key, int width) {
    if (tensor.dim() <= dim || tensor.size(dim) != width) {
      throw new DsVlmException(
          what
              + " for the denoising network are "
              + Torch.describe(tensor)
              + "; dimension "
              + dim
              + " has to be its "
              + key
              + ", "
              + width);
    }
  }

  /**
   * Puts another attention in the place of every cross-attention.
   *
   * @param maker is called with each one's path (see {@link #crossAttentionPaths}) and the
   *     network's own attention there, whose parameters it may go on using
   */
  public void replaceCrossAttention(BiFunction<String, PlainCrossAttention, CrossAttention> maker) {
    transformerBlocks().forEach(block -> block.replaceCrossAttention(path(block), maker));
  }

  /**
   * Paths of the cross-attentions in running order, such as {@code
   * mid_block.attentions.0.transformer_blocks.0.attn2}.
   */
  public List<String> crossAttentionPaths() {
    return transformerBlocks().map(this::path).toList();
  }

  public UNetConfig config() {
    return config;
  }

  private String path(TransformerBlock block) {
    return block.crossAttentionName().substring(prefixLength);
  }

  private Stream<TransformerBlock> transformerBlocks() {
    Stream<SpatialTransformer> down = downBlocks.stream().flatMap(b -> b.transformers().stream());
    Stream<SpatialTransformer> mid = Stream.of(midBlock.transformer());
    Stream<SpatialTransformer> up = upBlocks.stream().flatMap(b -> b.transformers().stream());
    return Stream.of(down, mid, up)
        .flatMap(transformers -> transformers)
        .flatMap(transformer -> transformer.blocks().stream());
  }
}
