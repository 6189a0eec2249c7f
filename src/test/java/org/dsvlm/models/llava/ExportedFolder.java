/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.TensorScope;
import org.dsvlm.weights.safetensors.Safetensors;
import org.dsvlm.weights.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A small LLaVA in a folder, whose files a test changes. */
@ExtendWith(TensorScope.class)
abstract class ExportedFolder {
  static final String HEAD = "lm_head.weight";
  static final String TABLE = "model.language_model.embed_tokens.weight";

  @TempDir Path temporary;
  Path folder;

  @BeforeEach
  void export() {
    folder = temporary.resolve("model");
    TinyLlava.export(folder, TinyLlava.files());
  }

  void edit(String file, Consumer<ObjectNode> change) throws IOException {
    edit(folder, file, change);
  }

  static void edit(Path folder, String file, Consumer<ObjectNode> change) throws IOException {
    ObjectNode json = TinyLlava.json(folder.resolve(file));
    change.accept(json);
    Files.writeString(folder.resolve(file), json.toString());
  }

  void editWeights(Consumer<Map<String, Tensor>> change) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    Path file = folder.resolve("model.safetensors");
    try (Safetensors stored = Safetensors.open(file)) {
      stored.names().forEach(name -> tensors.put(name, stored.read(name).clone()));
    }
    change.accept(tensors);
    SafetensorsWriter.write(file, tensors);
  }

  static Set<Long> stops(Path folder) {
    try (LlavaSettings settings = LlavaSettings.open(folder, null)) {
      return settings.generation().stopTokens();
    }
  }

  static double[] logits(Path folder) {
    try (LoadedLlava llava = LoadedLlava.open(folder, null, "cpu")) {
      return Torch.doubles(
          llava.model().logits(Torch.of(new long[] {1, 5, 9, 7}, 1, 4), null, null));
    }
  }

  static LlavaExport.Format format(LlavaLayout layout) {
    return new LlavaExport.Format(layout, ScalarType.Float, LlavaExport.SHARD_BYTES);
  }
}
