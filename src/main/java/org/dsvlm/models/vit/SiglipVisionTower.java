/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.nn.Embedding;
import org.dsvlm.nn.Init;
import org.dsvlm.nn.LayerNorm;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * The vision transformer of SigLIP (Zhai et al. 2023): patches alone, no class token, no
 * normalisation before the first layer.
 */
public final class SiglipVisionTower implements VisionTower {
  private final VitConfig config;
  private final PatchEmbedding patchEmbedding;
  private final Embedding positionEmbedding;
  private final Encoder encoder;
  private final LayerNorm postLayerNorm;
  private final @Nullable SiglipPoolingHead head;

  /**
   * The pooling head is left out where the checkpoint has none: LLaVA does not use it, and some of
   * its checkpoints were saved without.
   *
   * @param visionModel view of the parameters at {@code vision_model}
   */
  public SiglipVisionTower(Parameters visionModel, VitConfig config) {
    this.config = config;
    int width = config.hiddenSize();
    Parameters embeddings = visionModel.at("embeddings");
    patchEmbedding =
        new PatchEmbedding(
            embeddings.at("patch_embedding"),
            config,
            Init.normal(
                1
                    / Math.sqrt(
                        (double) config.channels() * config.patchSize() * config.patchSize())),
            true);
    positionEmbedding =
        new Embedding(
            embeddings.at("position_embedding"),
            Init.normal(1 / Math.sqrt(width)),
            config.patches(),
            width);
    encoder = new Encoder(visionModel.at("encoder"), config, start(config));
    postLayerNorm = new LayerNorm(visionModel.at("post_layernorm"), width, config.layerNormEps());
    boolean hasHead = config.poolingHead() && visionModel.optional("head.probe");
    head = hasHead ? new SiglipPoolingHead(visionModel.at("head"), config) : null;
  }

  private static EncoderLayer.Start start(VitConfig config) {
    Init square = Xavier.uniform(config.hiddenSize(), config.hiddenSize());
    Init mlp = Xavier.uniform(config.hiddenSize(), config.intermediateSize());
    return new EncoderLayer.Start(square, square, mlp, mlp);
  }

  @Override
  public VitConfig config() {
    return config;
  }

  @Override
  public void setCheckpointing(boolean recompute) {
    encoder.setCheckpointing(recompute);
  }

  @Override
  public List<Tensor> hiddenStates(Tensor pixelValues) {
    return hiddenStates(pixelValues, config.layers());
  }

  @Override
  public List<Tensor> hiddenStates(Tensor pixelValues, int layers) {
    return encoder.hiddenStates(
        Torch.tidy(() -> patchEmbedding.forward(pixelValues).add(positionEmbedding.weight())),
        layers);
  }

  /** The last hidden state [pictures, patches, width] passed through the final normalisation. */
  @Override
  public Tensor output(Tensor lastHiddenState) {
    return postLayerNorm.forward(lastHiddenState);
  }

  /**
   * One vector a picture, [pictures, width], from the {@link #output}.
   *
   * @throws DsVlmException if the tower has no pooling head
   */
  public Tensor pooled(Tensor output) {
    if (head == null) {
      throw new DsVlmException(
          "this SigLIP tower has no pooling head: its weights hold no vision_model.head.*, or "
              + "vision_use_head is false");
    }
    return Torch.tidy(() -> head.forward(output));
  }

  @Override
  public Tensor patches(Tensor hiddenState) {
    return hiddenState;
  }
}
