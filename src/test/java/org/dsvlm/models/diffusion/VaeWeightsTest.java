/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.Closed;
import org.dsvlm.testing.Closes;
import org.dsvlm.weights.ConvertedWeights;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.safetensors.Safetensors;
import org.dsvlm.weights.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VaeWeightsTest {
  private static final Map<String, String> OLD =
      Map.of("to_q", "query", "to_k", "key", "to_v", "value", "to_out.0", "proj_attn");

  @TempDir Path folder;

  private static String oldName(String name) {
    String old = name;
    for (Map.Entry<String, String> entry : OLD.entrySet()) {
      old = old.replace("." + entry.getKey() + ".", "." + entry.getValue() + ".");
    }
    return old;
  }

  @Test
  void readsOldNamesAndPointwiseConvolutions() {
    Path file = folder.resolve("vae.safetensors");
    try (PointerScope scope = new PointerScope();
        ParameterStore store = TinyDiffusion.store(ScalarType.Float)) {
      Vae vae = new Vae(store.root(), TinyDiffusion.vaeConfig());
      Map<String, Tensor> stored = new LinkedHashMap<>();
      store
          .tensors()
          .forEach(
              (name, tensor) -> {
                boolean matrix = name.contains(".to_") && name.endsWith(".weight");
                stored.put(oldName(name), matrix ? tensor.unsqueeze(2).unsqueeze(3) : tensor);
              });
      assertThat(stored).containsKey("encoder.mid_block.attentions.0.proj_attn.weight");
      SafetensorsWriter.write(file, stored);
      Tensor latents = new RandomState(1).normal(1, 2, 2, 2);
      try (WeightSource source = new VaeWeights(Safetensors.open(file));
          ParameterStore loaded = ParameterStore.from(source, ScalarType.Float, "cpu")) {
        Vae same = new Vae(loaded.root(), TinyDiffusion.vaeConfig());
        assertThat(loaded.surplus()).isEmpty();
        assertThat(Torch.floats(same.decode(latents)))
            .containsExactly(Torch.floats(vae.decode(latents)));
      }
    }
  }

  @Test
  void refusesACheckpointThatHasBothSpellings() {
    Path file = folder.resolve("vae.safetensors");
    try (PointerScope scope = new PointerScope()) {
      Tensor weight = Torch.of(new float[] {1}, 1, 1);
      SafetensorsWriter.write(
          file,
          Map.of(
              "decoder.mid_block.attentions.0.query.weight", weight,
              "decoder.mid_block.attentions.0.to_q.weight", weight));
    }
    try (Safetensors source = Safetensors.open(file)) {
      assertThatThrownBy(() -> new VaeWeights(source))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining(file.toString())
          .hasMessageContaining("decoder.mid_block.attentions.0.to_q.weight");
    }
  }

  @Test
  @Closes({VaeWeights.class, ConvertedWeights.class})
  void closedFilesSaySo() {
    Path file = folder.resolve("closed.safetensors");
    SafetensorsWriter.write(file, Map.of("a", Torch.of(new float[] {1}, 1)));
    VaeWeights weights =
        new VaeWeights(new ConvertedWeights(Safetensors.open(file), ScalarType.BFloat16));
    Closed.saysSo(weights, () -> weights.read("a"));
    ConvertedWeights converted = new ConvertedWeights(Safetensors.open(file), ScalarType.BFloat16);
    Closed.saysSo(converted, () -> converted.read("a"));
  }
}
