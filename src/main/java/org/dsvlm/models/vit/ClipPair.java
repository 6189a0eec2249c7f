/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.vit;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.nn.Init;
import org.dsvlm.nn.Linear;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;

/**
 * CLIP whole (Radford et al. 2021): both towers, and their projections into one space, where a
 * picture and its text are neighbours. Parameters bear the names of the transformers library.
 */
public final class ClipPair {
  /** ln(1 / 0.07), CLIP's start. */
  private static final double LOGIT_SCALE = 2.6592;

  private static final double HIGHEST_SCALE = Math.log(100);

  private final ClipVisionTower vision;
  private final ClipTextTower text;
  private final Linear visualProjection;
  private final Linear textProjection;
  private final Tensor logitScale;
  private final Sizes sizes;

  /**
   * Sizes of both towers.
   *
   * @param projection width of the common space
   */
  public record Sizes(VitConfig vision, ClipTextConfig text, int projection) {
    /** Reads CLIP's config.json, with {@code vision_config} and {@code text_config}. */
    public static Sizes parse(JsonConfig json) {
      if (VisionSection.parse(json) instanceof VitConfig vision) {
        return new Sizes(
            vision, ClipTextConfig.parse(json.child("text_config")), json.size("projection_dim"));
      }
      throw json.error("vision_config", "is none of CLIP's");
    }

    /** CLIP's config.json of these sizes. */
    public ObjectNode toJson() {
      ObjectNode json = new ObjectMapper().createObjectNode().put("model_type", "clip");
      json.putArray("architectures").add("CLIPModel");
      json.put("projection_dim", projection).put("logit_scale_init_value", LOGIT_SCALE);
      json.set("vision_config", vision.toJson());
      json.set("text_config", text.toJson());
      return json;
    }
  }

  public ClipPair(Parameters root, Sizes sizes) {
    this.sizes = sizes;
    vision = new ClipVisionTower(root.at("vision_model"), sizes.vision());
    text = new ClipTextTower(root.at("text_model"), sizes.text());
    visualProjection =
        projection(root.at("visual_projection"), sizes.vision().hiddenSize(), sizes.projection());
    textProjection =
        projection(root.at("text_projection"), sizes.text().hiddenSize(), sizes.projection());
    logitScale =
        root.get("logit_scale", (random, shape) -> torch.full(shape, Torch.scalar(LOGIT_SCALE)));
  }

  private static Linear projection(Parameters parameters, int in, int out) {
    return Linear.of(parameters, Init.normal(1 / Math.sqrt(in)), in, out, false);
  }

  public Sizes sizes() {
    return sizes;
  }

  public ClipVisionTower vision() {
    return vision;
  }

  public ClipTextTower text() {
    return text;
  }

  /** pixelValues: [pictures, 3, side, side] in, unit vectors out: [pictures, projection]. */
  public Tensor pictureVectors(Tensor pixelValues) {
    return Torch.tidy(
        () -> {
          List<Tensor> states = vision.hiddenStates(pixelValues);
          return vectors(states.get(states.size() - 1));
        });
  }

  private Tensor vectors(Tensor lastHiddenState) {
    return unit(visualProjection.forward(vision.pooled(lastHiddenState)));
  }

  /** ids: int64 [texts, tokens] in, unit vectors out: [texts, projection]. */
  public Tensor textVectors(Tensor ids) {
    return Torch.tidy(() -> unit(textProjection.forward(text.pooled(text.states(ids), ids))));
  }

  private static Tensor unit(Tensor x) {
    return x.div(
        x.norm(new org.bytedeco.pytorch.ScalarOptional(Torch.scalar(2)), new long[] {-1}, true));
  }

  /**
   * The symmetric contrastive loss: each picture finds its text among those of the batch, and each
   * text its picture.
   */
  public Tensor loss(Tensor pixelValues, Tensor ids) {
    return Torch.tidy(
        () -> {
          List<Tensor> states = vision.hiddenStates(pixelValues);
          return contrast(states.get(states.size() - 1), ids);
        });
  }

  /**
   * The same of pictures that have gone through the tower.
   *
   * @param lastHiddenState [pictures, 1 + patches, width]
   * @param ids int64 [pictures, tokens]
   */
  public Tensor contrast(Tensor lastHiddenState, Tensor ids) {
    return Torch.tidy(
        () -> {
          Tensor scale = logitScale.clamp_max(Torch.scalar(HIGHEST_SCALE)).exp();
          Tensor logits =
              vectors(lastHiddenState).matmul(textVectors(ids).transpose(0, 1)).mul(scale);
          Tensor own = torch.arange(Torch.scalar(ids.size(0)), Torch.options(ScalarType.Long));
          return torch
              .cross_entropy_loss(logits, own)
              .add(torch.cross_entropy_loss(logits.transpose(0, 1).contiguous(), own))
              .mul(Torch.scalar(0.5));
        });
  }
}
