/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** A form in which a LLaVA is stored: the names of its tensors and the keys of its config.json. */
public enum LlavaLayout {
  /** That of transformers 4.52 and later. */
  HUGGING_FACE(LlavaLayouts::newest, LlavaConfig::toJson),

  /**
   * That of the original LLaVA project. It has no image token: a vocabulary that was widened for
   * one keeps its rows.
   */
  ORIGINAL(LlavaLayouts::original, OriginalLlavaConfig::toJson);

  private final UnaryOperator<String> names;
  private final Function<LlavaConfig, ObjectNode> config;

  LlavaLayout(UnaryOperator<String> names, Function<LlavaConfig, ObjectNode> config) {
    this.names = names;
    this.config = config;
  }

  /** Name in the files of our {@code name}. */
  public String storedName(String name) {
    return names.apply(name);
  }

  /**
   * {@code config} as config.json.
   *
   * @throws org.dsvlm.io.DsVlmException if the layout cannot express it
   */
  public ObjectNode toJson(LlavaConfig llava) {
    return config.apply(llava);
  }
}
