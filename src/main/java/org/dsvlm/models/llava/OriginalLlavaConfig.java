/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.Families;
import org.dsvlm.models.llama.LanguageFamily;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.weights.WeightSource;

/**
 * config.json of the original LLaVA project: the language model's keys, with {@code mm_…} keys
 * about the rest among them.
 */
final class OriginalLlavaConfig {
  /** The id that stands for a picture in the original project. */
  static final long IMAGE_MARKER = -200;

  private static final String CONNECTOR = "mm_projector_type";
  private static final String LINEAR = "linear";
  private static final String MLP = "mlp2x_gelu";

  private OriginalLlavaConfig() {}

  /** Whether {@code config} is of this kind. */
  static boolean matches(JsonConfig config) {
    return config.has("mm_vision_tower") && !config.has("text_config");
  }

  /** {@code vision}: the tower that {@code mm_vision_tower} names. */
  static LlavaConfig parse(JsonConfig config, VisionConfig vision) {
    return config.collecting(() -> read(config, vision));
  }

  private static LlavaConfig read(JsonConfig config, VisionConfig vision) {
    LanguageFamily family = family(config);
    int connectorLayers = connectorLayers(config);
    config.onlySupports("mm_use_im_start_end", false);
    config.onlySupports("mm_use_im_patch_token", false);
    config.onlySupports("mm_patch_merge_type", "flat");
    int width = config.size("mm_hidden_size", vision.hiddenSize());
    if (width != vision.hiddenSize()) {
      throw config.error(
          "mm_hidden_size",
          "is " + width + ", but the vision tower's hidden_size is " + vision.hiddenSize());
    }
    if (config.has("mm_resampler_type")) {
      throw config.error("mm_resampler_type", "is set; no resampler is supported");
    }
    return new LlavaConfig(
        vision,
        family.parse(config, OriginalLlavaConfig::readHere),
        IMAGE_MARKER,
        List.of(config.integer("mm_vision_select_layer", -2)),
        dropFirstToken(config, vision),
        true,
        connectorLayers);
  }

  /** As in the original project, where the first LLaVA's files do not name their connector. */
  private static int connectorLayers(JsonConfig config) {
    String type = config.text(CONNECTOR, LINEAR);
    return switch (type) {
      case LINEAR -> 1;
      case MLP -> LlavaConfig.CONNECTOR_LAYERS;
      default -> throw config.error(CONNECTOR, "is '" + type + "', not " + LINEAR + " or " + MLP);
    };
  }

  /**
   * Demands that {@code weights} hold the connector that {@code config} describes.
   *
   * @param weights by the names of {@link Llava}
   * @throws DsVlmException naming the key, its value and the tensor that speaks against it
   */
  static void requireConnector(JsonConfig config, LlavaConfig llava, WeightSource weights) {
    boolean alone = llava.connectorLayers() == 1;
    String other = LlavaLayouts.CONNECTOR + (alone ? "linear_1.weight" : "linear.weight");
    if (weights.names().contains(other)) {
      throw config.error(
          CONNECTOR,
          (config.has(CONNECTOR)
                  ? "is " + config.text(CONNECTOR)
                  : "is missing, which stands for " + LINEAR)
              + ", but "
              + weights.where(other)
              + " holds '"
              + LlavaLayouts.original(other)
              + "' of another connector; set the key to "
              + (alone ? MLP : LINEAR));
    }
  }

  private static LanguageFamily family(JsonConfig config) {
    String type = config.text("model_type");
    List<LanguageFamily> known = Families.all(LanguageFamily.class);
    return known.stream()
        .filter(family -> family.originalLlava().modelTypes().contains(type))
        .findFirst()
        .orElseThrow(
            () ->
                config.error(
                    "model_type",
                    "is '"
                        + type
                        + "'; read are "
                        + known.stream()
                            .flatMap(family -> family.originalLlava().modelTypes().stream())
                            .sorted()
                            .toList()));
  }

  /** Keys about pictures and about how the model was trained. */
  private static boolean readHere(String key) {
    return key.startsWith("mm_")
        || key.startsWith("tune_mm_")
        || key.startsWith("freeze_mm_")
        || key.startsWith("unfreeze_mm_")
        || key.startsWith("use_mm_")
        || key.startsWith("image_")
        || key.startsWith("tokenizer_")
        || key.equals(TrainedTemplate.KEY);
  }

  private static boolean dropFirstToken(JsonConfig config, VisionConfig vision) {
    String feature = config.text("mm_vision_select_feature", "patch");
    return switch (feature) {
      case "patch" -> vision.classTokens() > 0;
      case "cls_patch" -> false;
      default ->
          throw config.error(
              "mm_vision_select_feature", "is '" + feature + "', not patch or cls_patch");
    };
  }

  /**
   * {@code llava} as the original project's config.json; {@code mm_vision_tower} names a folder
   * {@code vision_tower} beside it.
   *
   * @throws DsVlmException for what the original project cannot compute
   */
  static ObjectNode toJson(LlavaConfig llava) {
    boolean classToken = llava.classTokens() > 0;
    if (llava.featureLayers().size() != 1) {
      throw unlike(
          "reads the vision tower's layers " + llava.featureLayers() + ", not one of them");
    }
    if (!llava.connectorBias()) {
      throw unlike("has a connector without biases");
    }
    if (llava.dropFirstToken() && !classToken) {
      throw unlike("leaves out the first patch of a vision tower without class token");
    }
    LanguageFamily.OriginalLlava names = llava.text().family().originalLlava();
    ObjectNode json = llava.text().toJsonOfOldTransformers();
    json.putArray("architectures").add(names.architecture());
    return json.put("model_type", names.modelTypes().get(0))
        .put("mm_vision_tower", "vision_tower")
        .put("mm_hidden_size", llava.vision().hiddenSize())
        .put(CONNECTOR, llava.connectorLayers() == 1 ? LINEAR : MLP)
        .put("mm_vision_select_layer", llava.featureLayers().get(0))
        .put(
            "mm_vision_select_feature",
            classToken && !llava.dropFirstToken() ? "cls_patch" : "patch")
        .put("mm_use_im_start_end", false)
        .put("mm_use_im_patch_token", false)
        .put("mm_patch_merge_type", "flat")
        .put("use_mm_proj", true)
        // Says that the weights hold the vision tower.
        .put("unfreeze_mm_vision_tower", true);
  }

  private static DsVlmException unlike(String what) {
    return new DsVlmException(
        "the original LLaVA layout cannot hold a model that "
            + what
            + "; write the Hugging Face layout");
  }
}
