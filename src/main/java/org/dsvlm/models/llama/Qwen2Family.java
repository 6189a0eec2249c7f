/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import java.util.List;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.Preset;

/** Qwen2 (Yang et al. 2024): attention's input projections always have biases. */
public record Qwen2Family() implements LanguageFamily {
  @Override
  public String modelType() {
    return "qwen2";
  }

  @Override
  public String architecture() {
    return "Qwen2ForCausalLM";
  }

  @Override
  public Defaults defaults() {
    return new Defaults(151936, 22016, 32768, 32);
  }

  @Override
  public Biases biases(JsonConfig json) {
    return new Biases(true, false);
  }

  @Override
  public OriginalLlava originalLlava() {
    return new OriginalLlava(List.of("llava_qwen"), "LlavaQwenForCausalLM");
  }

  @Override
  public List<Preset> presets() {
    return List.of(new Preset("qwen2-7b", Qwen2Family.class));
  }
}
