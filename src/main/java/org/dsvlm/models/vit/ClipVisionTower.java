/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.nn.Embedding;
import org.dsvlm.nn.Init;
import org.dsvlm.nn.LayerNorm;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;

/**
 * The vision transformer of CLIP (Radford et al. 2021): a class token in front of the patches, a
 * normalisation before the first layer, and the class token's last state as the picture's own
 * vector.
 */
public final class ClipVisionTower implements VisionTower {
  private final VitConfig config;
  private final Tensor classEmbedding;
  private final PatchEmbedding patchEmbedding;
  private final Embedding positionEmbedding;
  private final LayerNorm preLayerNorm;
  private final Encoder encoder;
  private final LayerNorm postLayerNorm;

  /**
   * @param visionModel view of the parameters at {@code vision_model}
   */
  public ClipVisionTower(Parameters visionModel, VitConfig config) {
    this.config = config;
    int width = config.hiddenSize();
    Parameters embeddings = visionModel.at("embeddings");
    classEmbedding = embeddings.get("class_embedding", Init.normal(1 / Math.sqrt(width)), width);
    patchEmbedding =
        new PatchEmbedding(embeddings.at("patch_embedding"), config, Init.normal(0.02), false);
    positionEmbedding =
        new Embedding(
            embeddings.at("position_embedding"), Init.normal(0.02), 1 + config.patches(), width);
    // The checkpoints spell it so.
    preLayerNorm = new LayerNorm(visionModel.at("pre_layrnorm"), width, config.layerNormEps());
    encoder =
        new Encoder(visionModel.at("encoder"), config, start(config.hiddenSize(), config.layers()));
    postLayerNorm = new LayerNorm(visionModel.at("post_layernorm"), width, config.layerNormEps());
  }

  /** CLIP's own: narrower the wider and, for what writes to the residual, the deeper the tower. */
  static EncoderLayer.Start start(int hiddenSize, int layers) {
    double width = 1 / Math.sqrt(hiddenSize);
    double depth = 1 / Math.sqrt(2.0 * layers);
    return new EncoderLayer.Start(
        Init.normal(width * depth),
        Init.normal(width),
        Init.normal(width / Math.sqrt(2)),
        Init.normal(width * depth));
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
        Torch.tidy(() -> preLayerNorm.forward(embeddings(pixelValues))), layers);
  }

  /** pixelValues: [pictures, channels, height, width] in, [pictures, 1 + patches, width] out. */
  private Tensor embeddings(Tensor pixelValues) {
    Tensor patches = patchEmbedding.forward(pixelValues);
    Tensor classToken = classEmbedding.expand(patches.size(0), 1, config.hiddenSize());
    return Torch.cat(1, classToken, patches).add(positionEmbedding.weight());
  }

  /**
   * lastHiddenState: [pictures, 1 + patches, width] in, one vector a picture out: [pictures,
   * width].
   */
  public Tensor pooled(Tensor lastHiddenState) {
    return Torch.tidy(() -> postLayerNorm.forward(lastHiddenState.select(1, 0)));
  }

  @Override
  public Tensor patches(Tensor hiddenState) {
    return hiddenState.narrow(1, 1, hiddenState.size(1) - 1);
  }
}
