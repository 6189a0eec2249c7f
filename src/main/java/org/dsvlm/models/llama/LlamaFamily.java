/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.stream.Stream;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.Preset;

/** Llama (Touvron et al. 2023), Vicuna and Llama 3. */
public record LlamaFamily() implements LanguageFamily {
  private static final String ATTENTION_BIAS = "attention_bias";

  @Override
  public String modelType() {
    return "llama";
  }

  @Override
  public String architecture() {
    return "LlamaForCausalLM";
  }

  @Override
  public Defaults defaults() {
    return new Defaults(32000, 11008, 2048, 0);
  }

  @Override
  public Biases biases(JsonConfig json) {
    boolean biased = json.flag(ATTENTION_BIAS, false);
    return new Biases(biased, biased);
  }

  @Override
  public void writeBiases(LlamaConfig config, ObjectNode json) {
    json.put(ATTENTION_BIAS, config.queryKeyValueBias()).put("mlp_bias", config.mlpBias());
  }

  @Override
  public OriginalLlava originalLlava() {
    return new OriginalLlava(List.of("llava_llama", "llava"), "LlavaLlamaForCausalLM");
  }

  @Override
  public List<Preset> presets() {
    return Stream.of("vicuna-7b", "vicuna-13b", "llama-3-8b")
        .map(name -> new Preset(name, LlamaFamily.class))
        .toList();
  }
}
