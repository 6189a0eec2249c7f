/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The golden LLaVA, two layers of width 64 behind four of width 48; 16 tokens a picture. */
public final class TinyLlava {
  static final Path FOLDER = Path.of("src/test/resources/golden/llava");
  static final Path TOKENIZER = Path.of("src/test/resources/golden/tokenization/small_sp");
  static final int IMAGE_TOKEN = 320;

  private TinyLlava() {}

  static ObjectNode config() {
    return json(FOLDER.resolve("config.json"));
  }

  /** The files of an export beside config and weights. */
  public static ModelFiles files() {
    return new ModelFiles(
        json(TOKENIZER.resolve("tokenizer.json")),
        json(TOKENIZER.resolve("tokenizer_config.json")),
        json(FOLDER.resolve("preprocessor_config.json")),
        null);
  }

  /** Writes the model with a tokenizer to {@code folder}, in float32. */
  public static void export(Path folder, ModelFiles files) {
    try (LoadedLlava original =
        LoadedLlava.open(FOLDER.resolve("original"), ScalarType.Float, "cpu")) {
      Map<String, Tensor> parameters = original.parameters().tensors();
      LlavaExport.write(folder, original.config(), parameters, files, ScalarType.Float);
    }
  }

  static LlavaConfig parsed() {
    return LlavaConfig.parse(config(), "config.json");
  }

  static ObjectNode json(Path file) {
    try {
      return (ObjectNode) new ObjectMapper().readTree(file.toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
