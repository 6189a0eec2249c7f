/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.diffusion.PlainCrossAttention;
import org.dsvlm.models.diffusion.UNet;
import org.dsvlm.models.diffusion.UNetConfig;
import org.dsvlm.nn.ParameterShapes;
import org.dsvlm.nn.Parameters;
import org.dsvlm.tensor.Torch;

/**
 * All that DS-VLM adds to a Stable Diffusion: an adapter a feature ({@code adapters.<feature>}) and
 * the experts and routers inside its UNet ({@code unet.<path>.attn2}). Its parameters are the
 * contents of {@code multi_adapter.safetensors}.
 */
final class MultiAdapter implements AutoCloseable {
  private final Map<Feature, Adapter> adapters = new LinkedHashMap<>();
  private final Map<String, MoeAttention> experts = new LinkedHashMap<>();

  /**
   * Builds the adapters and puts experts in the place of every cross-attention of {@code unet};
   * with shared attention the UNet's own stay, and attend to all contexts concatenated.
   */
  MultiAdapter(
      SupervisionConfig config, Parameters root, UNet unet, long textWidth, long imageWidth) {
    long crossWidth = unet.config().crossAttentionDim();
    adapters.putAll(adapters(config, root, crossWidth, textWidth, imageWidth));
    unet.replaceCrossAttention(
        (path, base) ->
            config.attention() == SupervisionConfig.Attention.MOE
                ? expert(path, base, root.at("unet").at(path), config.features())
                : base);
  }

  private static Map<Feature, Adapter> adapters(
      SupervisionConfig config, Parameters root, long crossWidth, long textWidth, long imageWidth) {
    Map<Feature, Adapter> adapters = new LinkedHashMap<>();
    for (Feature feature : config.features()) {
      long width = feature.width(textWidth, imageWidth);
      Parameters own = root.at("adapters").at(feature.key());
      adapters.put(
          feature, config.adapter().kind().build(config.adapter(), own, width, crossWidth));
    }
    return adapters;
  }

  /** Names and shapes of its parameters, found without a weight. */
  static Map<String, long[]> shapes(
      SupervisionConfig config, UNetConfig unet, long textWidth, long imageWidth) {
    long crossWidth = unet.crossAttentionDim();
    Map<String, long[]> shapes =
        new LinkedHashMap<>(
            ParameterShapes.of(root -> adapters(config, root, crossWidth, textWidth, imageWidth)));
    if (config.attention() == SupervisionConfig.Attention.MOE) {
      ParameterShapes.of(root -> new UNet(root, unet))
          .forEach(
              (name, shape) -> {
                if (name.endsWith(".attn2.to_k.weight")) {
                  String path = "unet." + name.substring(0, name.length() - "to_k.weight".length());
                  shapes.putAll(MoeAttention.shapes(path, shape[0], shape[1], config.features()));
                }
              });
    }
    return shapes;
  }

  private MoeAttention expert(
      String path, PlainCrossAttention base, Parameters parameters, Set<Feature> features) {
    MoeAttention moe = new MoeAttention(base, parameters, features);
    experts.put(path, moe);
    return moe;
  }

  /**
   * The adapted features in the order of {@link SupervisionConfig#features}, each [pictures,
   * tokens, cross width].
   *
   * @throws DsVlmException if {@code features} lacks one that is switched on
   */
  List<Tensor> contexts(Map<String, Tensor> features) {
    return Torch.tidyAll(
        () -> {
          List<Tensor> contexts = new ArrayList<>();
          adapters.forEach(
              (feature, adapter) -> {
                Tensor given = features.get(feature.key());
                if (given == null) {
                  throw new DsVlmException(
                      "supervision: feature '"
                          + feature.key()
                          + "' is switched on, but only "
                          + features.keySet()
                          + " were handed over");
                }
                contexts.add(adapter.forward(given));
              });
          return contexts;
        });
  }

  /**
   * P of every expert layer's latest pass in running order, [pictures, features]; none if shared.
   */
  List<Tensor> routerProbabilities() {
    return experts.values().stream().map(MoeAttention::lastRouterProbabilities).toList();
  }

  /** Paths of the expert layers in the UNet, in running order; none if shared. */
  List<String> routerLayers() {
    return List.copyOf(experts.keySet());
  }

  @Override
  public void close() {
    experts.values().forEach(MoeAttention::close);
  }
}
