/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.safetensors.Safetensors;
import org.dsvlm.weights.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code mm_projector_type} of the original project: absent, it stands for one linear layer. */
class OriginalConnectorTest extends ExportedFolder {
  private static final String KEY = "mm_projector_type";
  private static final String FIRST = "model.mm_projector.0.";

  private Path original;

  @BeforeEach
  void copy() {
    original = temporary.resolve("original");
    LlavaExport.copy(folder, original, format(LlavaLayout.ORIGINAL), null);
  }

  private void editConfig(Consumer<ObjectNode> change) throws IOException {
    edit(original, "config.json", change);
  }

  /** Leaves the first of the two layers, whose width is the language model's, as the only one. */
  private void linear() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    Path file = original.resolve("model.safetensors");
    try (Safetensors stored = Safetensors.open(file)) {
      for (String name : stored.names()) {
        if (!name.startsWith("model.mm_projector.2.")) {
          tensors.put(name.replace(FIRST, "model.mm_projector."), stored.read(name).clone());
        }
      }
    }
    SafetensorsWriter.write(file, tensors);
  }

  @Test
  void theFirstLlavasConnectorIsOneLayer() throws IOException {
    linear();
    editConfig(json -> json.remove(KEY));
    Tensor pixels = torch.ones(1, 3, 56, 56);
    double[] found;
    try (LoadedLlava llava = LoadedLlava.open(original, ScalarType.Float, "cpu")) {
      assertThat(llava.config().connectorLayers()).isEqualTo(1);
      Features features = llava.model().encode(pixels);
      found = Torch.doubles(features.imageFeatures());
      Map<String, Tensor> parameters = llava.parameters().tensors();
      Tensor selected = llava.model().selected(features.hiddenStates());
      double[] expected =
          Torch.doubles(
              selected
                  .matmul(parameters.get("multi_modal_projector.linear.weight").t())
                  .add(parameters.get("multi_modal_projector.linear.bias")));
      assertThat(found).containsExactly(expected, within(1e-5));
    }
    Path again = temporary.resolve("again");
    LlavaExport.copy(original, again, format(LlavaLayout.ORIGINAL), null);
    assertThat(TinyLlava.json(again.resolve("config.json")).get(KEY).asText()).isEqualTo("linear");
    try (LoadedLlava llava = LoadedLlava.open(again, ScalarType.Float, "cpu")) {
      assertThat(Torch.doubles(llava.model().encode(pixels).imageFeatures())).isEqualTo(found);
    }
    assertThatThrownBy(
            () ->
                LlavaExport.copy(
                    original, temporary.resolve("hf"), format(LlavaLayout.HUGGING_FACE), null))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("whose connector has one layer; write the original layout");
    assertThat(temporary.resolve("hf")).doesNotExist();
  }

  @Test
  @BadInput(
      number = 29,
      value = "weights of another connector than mm_projector_type says, or its absence",
      then = "an error that names key and tensor and says what to set")
  void weightsThatContradictTheKeyAreRefused() throws IOException {
    editConfig(json -> json.remove(KEY));
    refused(
        "'mm_projector_type' is missing, which stands for linear, but ",
        "holds 'model.mm_projector.0.weight' of another connector; set the key to mlp2x_gelu");
    editConfig(json -> json.put(KEY, "linear"));
    refused("'mm_projector_type' is linear, but ", "set the key to mlp2x_gelu");
    linear();
    editConfig(json -> json.put(KEY, "mlp2x_gelu"));
    refused(
        "'mm_projector_type' is mlp2x_gelu, but ",
        "holds 'model.mm_projector.weight' of another connector; set the key to linear");
    editConfig(json -> json.put(KEY, "mlp3x_gelu"));
    refused("'mm_projector_type' is 'mlp3x_gelu', not linear or mlp2x_gelu");
  }

  private void refused(String... parts) {
    assertThatThrownBy(() -> LlavaFolder.open(original))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll(parts)
        .hasMessageStartingWith(original.resolve("config.json").toString());
  }
}
