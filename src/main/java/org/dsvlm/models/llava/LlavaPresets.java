/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.Families;
import org.dsvlm.models.ModelFolder;
import org.dsvlm.models.llama.LlamaConfig;
import org.dsvlm.models.vit.VisionConfig;

/** The public LLaVAs, with the vision tower they were published with or another. */
public final class LlavaPresets {
  /** LLaVA-1.5's: the last layer but one. */
  private static final int FEATURE_LAYER = -2;

  private LlavaPresets() {}

  private static JsonConfig facts(String name) {
    return Families.preset(LlavaConfig.class, name).facts();
  }

  static LlavaConfig config(String name) {
    return config(name, facts(name).text("vision"));
  }

  /**
   * The configuration of the LLaVA {@code name}.
   *
   * @param vision name of a public vision encoder
   * @throws org.dsvlm.io.DsVlmException for a name that is not known
   */
  public static LlavaConfig config(String name, String vision) {
    JsonConfig facts = facts(name);
    VisionConfig tower = Families.config(VisionConfig.class, vision);
    return new LlavaConfig(
        tower,
        Families.config(LlamaConfig.class, facts.text("language"))
            .withVocabularySize(facts.size("vocab_size")),
        facts.size("image_token"),
        List.of(FEATURE_LAYER),
        tower.classTokens() > 0,
        true,
        LlavaConfig.CONNECTOR_LAYERS);
  }

  static ModelFolder folder(String name) {
    return folder(name, facts(name).text("vision"));
  }

  /** The folder of the LLaVA {@code name}, as transformers 4.52 and later write it; see above. */
  public static ModelFolder folder(String name, String vision) {
    return folder(
        config(name, vision),
        (ObjectNode) facts(name).child("generation_config").json(),
        (ObjectNode)
            Families.preset(VisionConfig.class, vision)
                .facts()
                .child("preprocessor_config")
                .json());
  }

  /** The folder of any LLaVA. */
  public static ModelFolder folder(
      LlavaConfig config, ObjectNode generation, ObjectNode preprocessor) {
    Map<String, ObjectNode> files = new LinkedHashMap<>();
    files.put(ModelFolder.CONFIG, config.toJson());
    files.put("generation_config.json", generation);
    files.put("preprocessor_config.json", preprocessor);
    files.put("processor_config.json", ModelFiles.processor(config));
    return ModelFolder.of(files, root -> new Llava(root, config), LlavaLayouts::newest);
  }
}
