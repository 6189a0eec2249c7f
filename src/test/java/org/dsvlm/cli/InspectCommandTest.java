/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.weights.safetensors.Safetensors;
import org.dsvlm.weights.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectCommandTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden");
  private static final Path LLAVA = GOLDEN.resolve("llava");

  @TempDir Path folder;

  private static JsonNode json(Path path) throws IOException {
    return new ObjectMapper().readTree(Outcome.of("inspect", "--json", path.toString()).out());
  }

  @Test
  void printsPartsTypesAndTotals() throws IOException {
    Outcome outcome = Outcome.of("inspect", LLAVA.toString());
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.code()).isZero();
    assertThat(outcome.out())
        .startsWith(
            LLAVA
                + ": LLaVA of CLIP (4 layers, width 48, 17 tokens) and llama (2 layers, width 64,"
                + " 336 words)")
        .contains("missing: none", "misshapen: none", "surplus: none", "float32");
    long elements = 0;
    try (Safetensors stored = Safetensors.open(LLAVA.resolve("model.safetensors"))) {
      for (String name : stored.names()) {
        long product = 1;
        for (long size : stored.shape(name)) {
          product *= size;
        }
        elements += product;
      }
      JsonNode model = json(LLAVA).path("models").path(0);
      assertThat(model.path("parameters").asLong()).isEqualTo(elements);
      assertThat(model.path("bytes").asLong()).isEqualTo(4 * elements);
      assertThat(model.path("parts").findValuesAsText("name"))
          .containsExactlyInAnyOrder("connector", "language_model", "vision_encoder");
      int tensors = 0;
      for (JsonNode part : model.path("parts")) {
        tensors += part.path("tensors").asInt();
        assertThat(part.path("types").path("float32")).isEqualTo(part.path("parameters"));
      }
      assertThat(tensors).isEqualTo(stored.names().size());
    }
  }

  @Test
  void everyKindOfFolderIsComplete() throws IOException {
    for (String name :
        new String[] {
          "llava/original",
          "llama",
          "clip_vision",
          "siglip_vision",
          "sd_unet",
          "sd_vae",
          "lora/adapter",
          "lora/base"
        }) {
      Outcome outcome = Outcome.of("inspect", GOLDEN.resolve(name).toString());
      assertThat(outcome.err()).as(name).isEmpty();
      assertThat(outcome.code()).as(outcome.out()).isZero();
      assertThat(outcome.out()).as(name).contains("surplus: none");
    }
    Path pickle = Path.of("src/test/resources/pickles/zip.bin");
    assertThat(Outcome.of("inspect", pickle.toString()).out()).contains("bfloat16", "total");
  }

  @Test
  void whatIsMissingOrMisshapenFails() throws IOException {
    Files.copy(LLAVA.resolve("config.json"), folder.resolve("config.json"));
    try (PointerScope scope = new PointerScope();
        Safetensors stored = Safetensors.open(LLAVA.resolve("model.safetensors"))) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      stored.names().forEach(name -> tensors.put(name, stored.read(name)));
      tensors.remove("multi_modal_projector.linear_1.bias");
      tensors.put("multi_modal_projector.linear_2.weight", torch.zeros(72, 72));
      tensors.put("model.extra", torch.zeros(3));
      SafetensorsWriter.write(folder.resolve("model.safetensors"), tensors);
    }
    Outcome outcome = Outcome.of("inspect", folder.toString());
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.out())
        .contains("missing: 1")
        .contains("multi_modal_projector.linear_1.bias [64]")
        .contains("misshapen: 1")
        .contains("multi_modal_projector.linear_2.weight is [72, 72], not [64, 64]")
        .contains("surplus: 1")
        .contains("model.extra [3]");
    JsonNode json = json(folder);
    assertThat(json.path("complete").asBoolean()).isFalse();
    assertThat(json.path("models").path(0).path("missing").size()).isEqualTo(1);
  }

  @Test
  void anAdapterNeedsBothMatrices() throws IOException {
    Path adapter = GOLDEN.resolve("lora/adapter");
    Files.copy(adapter.resolve("adapter_config.json"), folder.resolve("adapter_config.json"));
    try (PointerScope scope = new PointerScope();
        Safetensors stored = Safetensors.open(adapter.resolve("adapter_model.safetensors"))) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      stored.names().forEach(name -> tensors.put(name, stored.read(name)));
      String first = stored.names().stream().filter(n -> n.contains("lora_B")).findFirst().get();
      tensors.remove(first);
      SafetensorsWriter.write(folder.resolve("adapter_model.safetensors"), tensors);
      Outcome outcome = Outcome.of("inspect", folder.toString());
      assertThat(outcome.code()).isEqualTo(1);
      assertThat(outcome.out()).contains("PEFT adapter, LORA of rank", first + " [?, ");
    }
  }

  @Test
  void whatIsNoModelIsNamed() {
    Outcome outcome = Outcome.of("inspect", folder.toString());
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err()).contains(folder + ": holds no weights");
    assertThat(Outcome.of("inspect").code()).isEqualTo(2);
  }
}
