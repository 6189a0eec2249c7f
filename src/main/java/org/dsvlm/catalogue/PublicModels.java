/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.catalogue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.diffusion.NoiseSchedule;
import org.dsvlm.models.diffusion.UNetConfig;
import org.dsvlm.models.diffusion.VaeConfig;
import org.dsvlm.models.llama.LlamaConfig;
import org.dsvlm.models.llava.LlavaConfig;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.models.vit.VisionFamily;

/**
 * What the configuration files of public models say, by name. To build one in memory, its weights
 * drawn at random:
 *
 * <pre>{@code
 * try (ParameterStore store =
 *     ParameterStore.random(new RandomState(0), ScalarType.BFloat16, "cpu")) {
 *   Llava llava = new Llava(store.root(), PublicModels.llava("llava-1.5-7b"));
 * }
 * }</pre>
 */
public final class PublicModels {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private static final List<String> LLAVAS =
      List.of("llava-1.5-7b", "llava-1.5-13b", "llava-llama-3-8b", "llava-qwen2-7b");
  private static final List<String> LANGUAGE_MODELS =
      List.of("vicuna-7b", "vicuna-13b", "llama-3-8b", "qwen2-7b");
  private static final List<String> VISION_TOWERS = List.of("clip-l-336", "siglip-so400m");
  private static final List<String> DIFFUSION_MODELS = List.of("stable-diffusion-1.5");

  /** LLaVA-1.5's: the last layer but one. */
  private static final int FEATURE_LAYER = -2;

  private PublicModels() {}

  /** Every name. */
  public static List<String> names() {
    return Stream.of(LLAVAS, LANGUAGE_MODELS, VISION_TOWERS, DIFFUSION_MODELS)
        .flatMap(List::stream)
        .toList();
  }

  /** Names that {@link #llava} knows. */
  public static List<String> llavas() {
    return LLAVAS;
  }

  /** Names that {@link #language} knows. */
  public static List<String> languageModels() {
    return LANGUAGE_MODELS;
  }

  /** Names that {@link #vision} knows. */
  public static List<String> visionTowers() {
    return VISION_TOWERS;
  }

  /** Names that {@link #unet}, {@link #vae} and {@link #schedule} know. */
  public static List<String> diffusionModels() {
    return DIFFUSION_MODELS;
  }

  /** A LLaVA with the vision tower it was published with, CLIP-L/14-336. */
  public static LlavaConfig llava(String name) {
    return llava(name, visionOf(name));
  }

  /** The vision tower that a LLaVA was published with. */
  static String visionOf(String llava) {
    return facts(LLAVAS, llava).text("vision");
  }

  /**
   * A LLaVA with another vision tower.
   *
   * @param vision one of {@link #visionTowers}
   * @throws DsVlmException for a name that is not known
   */
  public static LlavaConfig llava(String name, String vision) {
    JsonConfig facts = facts(LLAVAS, name);
    VisionConfig tower = vision(vision);
    return new LlavaConfig(
        tower,
        language(facts.text("language")).withVocabularySize(facts.size("vocab_size")),
        facts.size("image_token"),
        List.of(FEATURE_LAYER),
        tower.family() == VisionFamily.CLIP,
        true);
  }

  /**
   * A language model.
   *
   * @throws DsVlmException for a name that is not known
   */
  public static LlamaConfig language(String name) {
    return LlamaConfig.parse(facts(LANGUAGE_MODELS, name).child("config"));
  }

  /**
   * A vision tower.
   *
   * @throws DsVlmException for a name that is not known
   */
  public static VisionConfig vision(String name) {
    return parsed(facts(VISION_TOWERS, name).child("config"), VisionConfig::parse);
  }

  /**
   * The denoising network of a Stable Diffusion.
   *
   * @throws DsVlmException for a name that is not known
   */
  public static UNetConfig unet(String name) {
    return parsed(facts(DIFFUSION_MODELS, name).child("unet"), UNetConfig::parse);
  }

  /** The autoencoder of a Stable Diffusion; see {@link #unet}. */
  public static VaeConfig vae(String name) {
    return parsed(facts(DIFFUSION_MODELS, name).child("vae"), VaeConfig::parse);
  }

  /** The noise of a Stable Diffusion; see {@link #unet}. */
  public static NoiseSchedule schedule(String name) {
    return parsed(facts(DIFFUSION_MODELS, name).child("scheduler"), NoiseSchedule::parse);
  }

  private static <T> T parsed(JsonConfig config, BiFunction<JsonNode, String, T> parse) {
    return parse.apply(config.json(), config.where());
  }

  /** {@code preprocessor_config.json} that goes with a vision tower. */
  public static ObjectNode preprocessor(String vision) {
    return (ObjectNode) facts(VISION_TOWERS, vision).child("preprocessor_config").json();
  }

  /** {@code generation_config.json} of a LLaVA or a language model: its special tokens. */
  static ObjectNode generation(String name) {
    List<String> known = LLAVAS.contains(name) ? LLAVAS : LANGUAGE_MODELS;
    return (ObjectNode) facts(known, name).child("generation_config").json();
  }

  /** Whose configuration it is: the model's place on the Hugging Face hub. */
  public static String source(String name) {
    return facts(names(), name).text("source");
  }

  private static JsonConfig facts(List<String> known, String name) {
    if (!known.contains(name)) {
      throw new DsVlmException("no public model '" + name + "' here; known are " + known);
    }
    String resource = name + ".json";
    try (InputStream stream = PublicModels.class.getResourceAsStream(resource)) {
      if (stream == null) {
        throw new DsVlmException("resource " + resource + " is missing from this build");
      }
      return JsonConfig.of(MAPPER.readTree(stream), resource);
    } catch (IOException e) {
      throw new DsVlmException("resource " + resource + " cannot be read: " + e.getMessage(), e);
    }
  }
}
