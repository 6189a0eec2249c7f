/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.dsvlm.text.Tokenizer;
import org.dsvlm.weights.safetensors.Safetensors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LlavaExportTest {
  @TempDir Path temporary;
  private final PointerScope scope = new PointerScope();

  @AfterEach
  void free() {
    scope.close();
  }

  private static LoadedLlava open(Path folder, ScalarType dtype) {
    return LoadedLlava.open(folder, dtype, "cpu");
  }

  /**
   * The original layout's vocabulary ends before the image token, as does that of a plain Vicuna.
   */
  @Test
  void addsARowForTheImageTokenWhereThereIsNone() {
    Path target = temporary.resolve("export");
    try (LoadedLlava original = open(TinyLlava.FOLDER.resolve("original"), ScalarType.Float)) {
      Map<String, Tensor> parameters = new HashMap<>(original.parameters().tensors());
      parameters.put("adapters.low.weight", torch.ones(2));
      LlavaExport.write(target, original.config(), parameters, TinyLlava.files(), ScalarType.Float);
      try (LoadedLlava exported = open(target, ScalarType.Float);
          Tokenizer tokenizer = Tokenizer.open(target)) {
        long token = exported.config().imageToken();
        assertThat(tokenizer.id("<image>")).isEqualTo(token);
        assertThat(tokenizer.size()).isEqualTo(token + 1);
        tokenizer.checkFits(exported.config().text().vocabularySize());
        assertThat(exported.config().text().vocabularySize() % 64).isZero();
        assertThat(exported.surplus()).isEmpty();
        compareLogits(original, exported);
      }
    }
    ObjectNode generation = TinyLlava.json(target.resolve("generation_config.json"));
    assertThat(generation.get("eos_token_id").asInt()).isEqualTo(2);
    ObjectNode processor = TinyLlava.json(target.resolve("processor_config.json"));
    assertThat(processor.get("patch_size").asInt()).isEqualTo(14);
    assertThat(processor.get("num_additional_image_tokens").asInt()).isEqualTo(1);
  }

  private static void compareLogits(LoadedLlava original, LoadedLlava exported) {
    Tensor pixels = torch.ones(1, 3, 56, 56);
    double[][] logits = new double[2][];
    int i = 0;
    for (LoadedLlava checkpoint : new LoadedLlava[] {original, exported}) {
      long[] ids =
          ImageTokens.expand(new long[] {1, -200, 9}, -200, checkpoint.config().imageToken(), 16);
      Features features = checkpoint.model().encode(pixels);
      logits[i++] =
          Torch.doubles(
              checkpoint
                  .model()
                  .logits(Torch.of(ids, 1, ids.length), null, features)
                  .narrow(2, 0, original.config().text().vocabularySize()));
    }
    assertThat(logits[1]).containsExactly(logits[0], within(1e-6));
  }

  @Test
  void storesInTheAskedTypeUnderTheNewestNames() {
    Path target = temporary.resolve("export");
    LlavaConfig config = withImageToken(1400);
    try (LoadedLlava checkpoint = open(TinyLlava.FOLDER, ScalarType.Float)) {
      LlavaExport.write(
          target,
          config,
          checkpoint.parameters().tensors(),
          TinyLlava.files(),
          ScalarType.BFloat16);
    }
    assertThat(TinyLlava.json(target.resolve("config.json")).get("dtype").asText())
        .isEqualTo("bfloat16");
    try (Safetensors stored = Safetensors.open(target.resolve("model.safetensors"))) {
      assertThat(stored.names())
          .contains(
              "lm_head.weight",
              "model.language_model.embed_tokens.weight",
              "model.multi_modal_projector.linear_1.bias",
              "model.vision_tower.vision_model.post_layernorm.bias");
      assertThat(stored.dtype("lm_head.weight")).isEqualTo(ScalarType.BFloat16);
    }
  }

  private static LlavaConfig withImageToken(long token) {
    return TinyLlava.parsed().withImageToken(token);
  }

  @Test
  void refusesATokenizerOfAnotherModel() {
    Path target = temporary.resolve("export");
    try (LoadedLlava checkpoint = open(TinyLlava.FOLDER, ScalarType.Float)) {
      assertThatThrownBy(
              () ->
                  LlavaExport.write(
                      target,
                      checkpoint.config(),
                      checkpoint.parameters().tensors(),
                      TinyLlava.files(),
                      ScalarType.Float))
          .isInstanceOf(DsVlmException.class)
          .hasMessageStartingWith("the model's image token is 320, but tokenizer.json would place");
    }
    assertThat(target).doesNotExist();
  }

  @Test
  void theCheckHoldsWhatTheModelMakes() {
    Path file = temporary.resolve("check.safetensors");
    try (LoadedLlava checkpoint = open(TinyLlava.FOLDER, ScalarType.Float)) {
      long[] ids = ImageTokens.expand(new long[] {1, 320, 9}, 320, 320, 16);
      ExportCheck.write(file, checkpoint.model(), ids, torch.ones(1, 3, 56, 56), 4);
      try (Safetensors check = Safetensors.open(file)) {
        assertThat(check.shape("logits")).containsExactly(1, 18, 336);
        assertThat(check.shape("generated")).containsExactly(1, 4);
        assertThat(Torch.longs(check.read("generated").select(1, 0))[0])
            .isEqualTo(check.read("logits").select(1, 17).argmax().item_long());
      }
    }
  }
}
