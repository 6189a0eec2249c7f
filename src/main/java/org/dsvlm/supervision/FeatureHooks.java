/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.vit.VisionTower;

/**
 * The hooks of the supervision: they take the connector's output and the hidden states after three
 * blocks of the vision encoder (the paper's section 4.1), of each the tokens that {@link
 * TokenConfig} chooses.
 */
public final class FeatureHooks {
  private FeatureHooks() {}

  /**
   * The features that {@code config} switches on, by {@link Feature#key}, each [pictures, tokens,
   * width]; they keep the graph of the hidden states.
   *
   * @param hiddenStates all hidden states of {@code tower}, the embeddings first
   * @param imageFeatures the connector's output, [pictures, tokens, language width]
   * @throws DsVlmException if a level lies beyond the tower's last block, or a feature is none of
   *     the model's
   */
  public static Map<String, Tensor> take(
      SupervisionConfig config,
      VisionTower tower,
      List<Tensor> hiddenStates,
      Tensor imageFeatures) {
    Map<String, Tensor> features = new LinkedHashMap<>();
    for (Feature named : config.features()) {
      StandardFeature feature = ofModel(named);
      features.put(
          feature.key(),
          feature == StandardFeature.TEXT
              ? config.tokens().ofText(imageFeatures)
              : config
                  .tokens()
                  .ofImage(
                      tower, level(tower, hiddenStates, feature, config.levels().block(feature))));
    }
    return features;
  }

  private static StandardFeature ofModel(Feature feature) {
    if (feature instanceof StandardFeature standard) {
      return standard;
    }
    throw new DsVlmException(
        "supervision: feature '"
            + feature.key()
            + "' is none of the vision-language model's, so it has to be handed to"
            + " DiffusionSupervisor.loss; a recipe's features are "
            + Arrays.stream(StandardFeature.values()).map(Feature::key).toList());
  }

  private static Tensor level(
      VisionTower tower, List<Tensor> hiddenStates, StandardFeature feature, int block) {
    int last = hiddenStates.size() - 1;
    if (block > last) {
      throw new DsVlmException(
          "supervision: levels."
              + feature.key()
              + " is block "
              + block
              + ", but the vision encoder has "
              + last);
    }
    Tensor state = hiddenStates.get(block);
    return block == last ? tower.output(state) : state;
  }
}
