/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.models.llama.TokenListener;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.safetensors.SafetensorsWriter;

/**
 * A model's results for one prompt, stored so that another implementation can be compared with
 * them: {@code benchmarks/peers/check_export.py} does so with the transformers library.
 */
public final class ExportCheck {
  private ExportCheck() {}

  /**
   * Writes {@code input_ids} [1, tokens], {@code pixel_values} [1, 3, height, width], {@code
   * logits} [1, tokens, vocabulary] and {@code generated} [1, newTokens], the likeliest tokens,
   * none of which ends the answer.
   *
   * @param promptIds with the image tokens of one picture
   * @param pixelValues [1, 3, height, width]
   */
  public static void write(
      Path file, Llava llava, long[] promptIds, Tensor pixelValues, int newTokens) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      Features features = llava.encode(pixelValues);
      Tensor ids = Torch.of(promptIds, 1, promptIds.length);
      long[] generated =
          llava
              .generate(
                  List.of(promptIds),
                  features,
                  GenerationSettings.greedy(newTokens, Set.of()),
                  TokenListener.NONE)
              .get(0);
      SafetensorsWriter.write(
          file,
          Map.of(
              "input_ids",
              ids,
              "pixel_values",
              pixelValues,
              "logits",
              llava.logits(
                  ids.to(llava.languageModel().device(), ids.scalar_type()), null, features),
              "generated",
              Torch.of(generated, 1, generated.length)));
    }
  }
}
