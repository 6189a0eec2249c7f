/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.nn.ParameterShapes;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.MemoryFigures;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.Test;

class LlavaShapesTest {
  /** Public sizes of LLaVA-1.5-7B. */
  private static final String LLAVA_7B =
      """
      {"model_type": "llava", "image_token_index": 32000,
       "text_config": {"model_type": "llama", "vocab_size": 32064, "max_position_embeddings": 4096,
                       "rms_norm_eps": 1e-05},
       "vision_config": {"model_type": "clip_vision_model", "hidden_size": 1024, "image_size": 336,
                         "intermediate_size": 4096, "num_attention_heads": 16,
                         "num_hidden_layers": 24, "patch_size": 14, "projection_dim": 768,
                         "vocab_size": 32000}}
      """;

  @Test
  void sameNamesAndShapesAsTheModelItself() {
    LlavaConfig config = TinyLlava.parsed();
    Map<String, long[]> shapes = ParameterShapes.of(root -> new Llava(root, config));
    try (ParameterStore store =
        ParameterStore.random(new RandomState(1), ScalarType.Float, "cpu")) {
      new Llava(store.root(), config);
      Map<String, long[]> real = new LinkedHashMap<>();
      store.tensors().forEach((name, tensor) -> real.put(name, Torch.shape(tensor)));
      assertThat(shapes.keySet()).containsExactlyElementsOf(real.keySet());
      real.forEach((name, shape) -> assertThat(shapes.get(name)).as(name).isEqualTo(shape));
    }
  }

  @Test
  void sevenBillionParametersTakeNoMemory() throws Exception {
    LlavaConfig config = LlavaConfig.parse(new ObjectMapper().readTree(LLAVA_7B), "7B");
    long before = MemoryFigures.residentBytes();
    Map<String, long[]> shapes = ParameterShapes.of(root -> new Llava(root, config));
    assertThat(MemoryFigures.residentBytes() - before).isLessThan(200 << 20);
    assertThat(shapes).hasSize(3 + 32 * 9 + 4 + 5 + 24 * 16 + 2);
    // What transformers counts in llava-hf/llava-1.5-7b-hf.
    assertThat(shapes.values().stream().mapToLong(ParameterShapes::elements).sum())
        .isEqualTo(7_063_427_072L);
  }
}
