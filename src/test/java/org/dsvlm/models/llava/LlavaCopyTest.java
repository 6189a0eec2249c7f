/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.image.ImageProcessor;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.nn.Lora;
import org.dsvlm.nn.LoraConfig;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.NativeObjects;
import org.dsvlm.testing.TensorScope;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFolder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(TensorScope.class)
class LlavaCopyTest {
  @TempDir Path temporary;

  private static LlavaExport.Format format(LlavaLayout layout) {
    return new LlavaExport.Format(layout, ScalarType.Float, LlavaExport.SHARD_BYTES);
  }

  /** The model in each layout that is read; that of transformers 5 beside its config. */
  private Path stored(String layout) throws IOException {
    return switch (layout) {
      case "original" -> withTokenizer(TinyLlava.FOLDER.resolve("original"));
      case "v5" -> {
        Path folder = Files.createDirectory(temporary.resolve("v5"));
        Files.copy(TinyLlava.FOLDER.resolve("config_v5.json"), folder.resolve("config.json"));
        Files.copy(
            TinyLlava.FOLDER.resolve("model_v5.safetensors"), folder.resolve("model.safetensors"));
        yield folder;
      }
      default -> TinyLlava.FOLDER;
    };
  }

  private Path withTokenizer(Path original) throws IOException {
    Path folder = Files.createDirectory(temporary.resolve("original"));
    try (Stream<Path> tree = Files.walk(original)) {
      for (Path path : tree.skip(1).toList()) {
        Files.copy(path, folder.resolve(original.relativize(path).toString()));
      }
    }
    for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
      Files.copy(TinyLlava.TOKENIZER.resolve(file), folder.resolve(file));
    }
    return folder;
  }

  private static Stream<Arguments> everyWay() {
    return Stream.of("before 4.52", "v5", "original")
        .flatMap(from -> Stream.of(LlavaLayout.values()).map(to -> Arguments.of(from, to)));
  }

  @ParameterizedTest
  @MethodSource("everyWay")
  void everyTensorComesThroughBitwise(String from, LlavaLayout to) throws IOException {
    Path stored = stored(from);
    Path written = temporary.resolve("written");
    LlavaExport.copy(stored, written, new LlavaExport.Format(to, ScalarType.Float, 100_000), null);
    assertThat(written.resolve("model.safetensors.index.json")).exists();
    try (LlavaFolder before = LlavaFolder.open(stored);
        LlavaFolder after = LlavaFolder.open(written)) {
      assertThat(after.weights().names()).isEqualTo(before.weights().names());
      for (String name : before.weights().names()) {
        Tensor expected = before.weights().read(name);
        Tensor actual = after.weights().read(name);
        boolean widened = actual.size(0) > expected.size(0);
        assertThat(widened).as(name).isEqualTo(from.equals("original") && isTable(name, to));
        assertThat(actual.narrow(0, 0, expected.size(0)).equal(expected)).as(name).isTrue();
      }
      assertThat(after.config().vision()).isEqualTo(before.config().vision());
      assertThat(after.config().featureLayers()).isEqualTo(before.config().featureLayers());
      assertThat(after.config().dropFirstToken()).isEqualTo(before.config().dropFirstToken());
      assertThat(after.config().text().withVocabularySize(1))
          .isEqualTo(before.config().text().withVocabularySize(1));
    }
    LoadedLlava.open(written, ScalarType.Float, "cpu").close();
    assertThat(LlavaPictures.padsToSquare(written)).isEqualTo(from.equals("original"));
  }

  @Test
  void thePaddingComesThroughToTheOriginalLayoutAndBack() throws IOException {
    Path padded = stored("v5");
    Path file = TinyLlava.FOLDER.resolve("preprocessor_config.json");
    Files.writeString(
        padded.resolve("preprocessor_config.json"),
        ImageProcessor.read(file).paddedToSquare(true).toJson().toString());
    for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
      Files.copy(TinyLlava.TOKENIZER.resolve(name), padded.resolve(name));
    }
    Path original = temporary.resolve("written");
    LlavaExport.copy(padded, original, format(LlavaLayout.ORIGINAL), null);
    assertThat(TinyLlava.json(original.resolve("config.json")).get("image_aspect_ratio").asText())
        .isEqualTo("pad");
    Path back = temporary.resolve("back");
    LlavaExport.copy(original, back, format(LlavaLayout.HUGGING_FACE), null);
    assertThat(LlavaPictures.read(back).toJson()).isEqualTo(LlavaPictures.read(padded).toJson());
  }

  /** A model of the original layout has no image token, which the other layout needs. */
  private static boolean isTable(String name, LlavaLayout to) {
    boolean table = name.contains("embed_tokens") || name.contains("lm_head");
    return table && to == LlavaLayout.HUGGING_FACE;
  }

  @Test
  void theOriginalLayoutHasTheOriginalNamesAndKeys() {
    Path written = temporary.resolve("written");
    LlavaExport.copy(TinyLlava.FOLDER, written, format(LlavaLayout.ORIGINAL), null);
    ObjectNode config = TinyLlava.json(written.resolve("config.json"));
    ObjectNode golden = TinyLlava.json(TinyLlava.FOLDER.resolve("original/config.json"));
    for (String key :
        List.of(
            "architectures",
            "hidden_size",
            "mm_hidden_size",
            "mm_projector_type",
            "mm_vision_select_feature",
            "mm_vision_select_layer",
            "mm_vision_tower",
            "rope_scaling",
            "unfreeze_mm_vision_tower")) {
      assertThat(config.get(key)).as(key).isEqualTo(golden.get(key));
    }
    assertThat(config.get("rope_theta").doubleValue()).isEqualTo(10000);
    assertThat(config.has("rope_parameters")).isFalse();
    try (WeightSource expected = WeightFolder.open(TinyLlava.FOLDER.resolve("original"));
        WeightSource own = WeightFolder.open(written)) {
      assertThat(own.names()).containsExactlyInAnyOrderElementsOf(expected.names());
    }
  }

  @Test
  void anAdapterIsMergedAsInMemory() {
    Path adapter = temporary.resolve("adapter");
    Path written = temporary.resolve("written");
    Map<String, Tensor> merged = new LinkedHashMap<>();
    RandomState random = new RandomState(5);
    try (LoadedLlava llava = LoadedLlava.open(TinyLlava.FOLDER, ScalarType.BFloat16, "cpu")) {
      LoraConfig config = LoraConfig.of(2, 4, 0, false, "all-linear");
      try (Lora lora = LlavaLora.start(llava.parameters(), config, random)) {
        lora.parameters()
            .forEach((name, tensor) -> tensor.copy_(random.fork(name).normal(Torch.shape(tensor))));
        LlavaLora.write(adapter, lora, LlavaLora.Layout.LLAVA, null);
      }
      LlavaLora.merge(adapter, llava.parameters());
      llava.parameters().tensors().forEach((name, tensor) -> merged.put(name, tensor.clone()));
    }
    long before = NativeObjects.settledCount();
    LlavaExport.copy(
        TinyLlava.FOLDER,
        written,
        new LlavaExport.Format(
            LlavaLayout.HUGGING_FACE, ScalarType.BFloat16, LlavaExport.SHARD_BYTES),
        adapter);
    assertThat(NativeObjects.settledCount()).isEqualTo(before);
    int changed = 0;
    try (LlavaFolder after = LlavaFolder.open(written);
        LlavaFolder plain = LlavaFolder.open(TinyLlava.FOLDER)) {
      for (Map.Entry<String, Tensor> expected : merged.entrySet()) {
        Tensor actual = after.weights().read(expected.getKey());
        assertThat(actual.equal(expected.getValue())).as(expected.getKey()).isTrue();
        Tensor unmerged = plain.weights().read(expected.getKey()).to(ScalarType.BFloat16);
        changed += actual.equal(unmerged) ? 0 : 1;
      }
    }
    assertThat(changed).as("matrices of two layers").isEqualTo(14);
  }

  @Test
  void whatTheOriginalLayoutCannotHoldIsRefused() {
    LlavaConfig config = TinyLlava.parsed();
    LlavaConfig several =
        new LlavaConfig(
            config.vision(), config.text(), 320, List.of(-2, -3), true, config.connectorBias(), 2);
    assertThatThrownBy(() -> LlavaLayout.ORIGINAL.toJson(several))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("layers [-2, -3]");
    LlavaConfig unbiased =
        new LlavaConfig(config.vision(), config.text(), 320, List.of(-2), true, false, 2);
    assertThatThrownBy(() -> LlavaLayout.ORIGINAL.toJson(unbiased))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("connector without biases");
  }
}
