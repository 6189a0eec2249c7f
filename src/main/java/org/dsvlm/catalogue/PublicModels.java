/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.catalogue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.dsvlm.models.Families;
import org.dsvlm.models.diffusion.StableDiffusionConfig;
import org.dsvlm.models.llama.LlamaConfig;
import org.dsvlm.models.llava.LlavaConfig;
import org.dsvlm.models.llava.LlavaPresets;
import org.dsvlm.models.vit.VisionConfig;

/**
 * The configurations of public models, by name. To build one in memory, with random weights:
 *
 * <pre>{@code
 * try (ParameterStore store =
 *     ParameterStore.random(new RandomState(0), ScalarType.BFloat16, "cpu")) {
 *   Llava llava = new Llava(store.root(), PublicModels.llava("llava-1.5-7b"));
 * }
 * }</pre>
 */
public final class PublicModels {
  private PublicModels() {}

  /** Every name. */
  public static List<String> names() {
    return Families.presets(Object.class);
  }

  /** Names that {@link #llava} knows. */
  public static List<String> llavas() {
    return Families.presets(LlavaConfig.class);
  }

  /** Names that {@link #language} knows. */
  public static List<String> languageModels() {
    return Families.presets(LlamaConfig.class);
  }

  /** Names that {@link #vision} knows. */
  public static List<String> visionTowers() {
    return Families.presets(VisionConfig.class);
  }

  /**
   * A LLaVA with the vision tower it was published with, CLIP-L/14-336.
   *
   * @throws org.dsvlm.io.DsVlmException for a name that is not known
   */
  public static LlavaConfig llava(String name) {
    return Families.config(LlavaConfig.class, name);
  }

  /**
   * A LLaVA with another vision tower.
   *
   * @param vision one of {@link #visionTowers}
   * @throws org.dsvlm.io.DsVlmException for a name that is not known
   */
  public static LlavaConfig llava(String name, String vision) {
    return LlavaPresets.config(name, vision);
  }

  /**
   * A language model.
   *
   * @throws org.dsvlm.io.DsVlmException for a name that is not known
   */
  public static LlamaConfig language(String name) {
    return Families.config(LlamaConfig.class, name);
  }

  /**
   * A vision tower.
   *
   * @throws org.dsvlm.io.DsVlmException for a name that is not known
   */
  public static VisionConfig vision(String name) {
    return Families.config(VisionConfig.class, name);
  }

  /**
   * A Stable Diffusion: its two networks and the noise.
   *
   * @throws org.dsvlm.io.DsVlmException for a name that is not known
   */
  public static StableDiffusionConfig stableDiffusion(String name) {
    return Families.config(StableDiffusionConfig.class, name);
  }

  /** {@code preprocessor_config.json} that goes with a vision tower. */
  public static ObjectNode preprocessor(String vision) {
    return (ObjectNode)
        Families.preset(VisionConfig.class, vision).facts().child("preprocessor_config").json();
  }

  /** The source of the configuration: the model's place on the Hugging Face hub. */
  public static String source(String name) {
    return Families.preset(Object.class, name).source();
  }
}
