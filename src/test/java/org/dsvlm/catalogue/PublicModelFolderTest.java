/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.diffusion.VaeWeights;
import org.dsvlm.models.llava.Llava;
import org.dsvlm.models.llava.LlavaConfig;
import org.dsvlm.models.llava.LlavaLayouts;
import org.dsvlm.models.llava.LoadedLlava;
import org.dsvlm.nn.ParameterShapes;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.weights.WeightSource;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PublicModelFolderTest {
  private static final String CLIP = "clip-l-336";
  private static final String SIGLIP = "siglip-so400m";

  @TempDir private Path folder;

  /**
   * The totals stand in public places: {@code metadata.total_size} of the hub's index files (half
   * of it: they are float16 or bfloat16), and what the public libraries count in the checkpoints.
   * Those of the three last LLaVAs are counted in the projects' code alone.
   */
  @ParameterizedTest
  @CsvSource({
    "vicuna-7b, 6738415616",
    "vicuna-13b, 13015864320",
    "llama-3-8b, 8030261248",
    "qwen2-7b, 7615616512",
    "clip-l-336, 303507456",
    "siglip-so400m, 428225600",
    "llava-1.5-7b, 7063427072",
    "llava-1.5-13b, 13351494656",
    "llava-llama-3-8b, 8355272704",
    "llava-qwen2-7b, 7935646208",
    // The UNet's 859,520,964 and the VAE's 83,653,863.
    "stable-diffusion-1.5, 943174827"
  })
  void everyParameterIsThere(String name, long parameters) {
    assertThat(PublicModelFolder.of(name).parameters()).isEqualTo(parameters);
  }

  /** Two bytes a parameter, and 32 float32 buffers of 64 rotary frequencies. */
  @Test
  void theOriginalFilesHaveTheSizeThatTheirIndexSays() {
    assertThat(ReferenceShapes.named("llava-1.5-7b.original").parameters())
        .isEqualTo((13_518_798_848L - 32 * 64 * 4) / 2);
  }

  @TestFactory
  List<DynamicTest> aLlavaHasTheNamesAndShapesOfItsProject() {
    List<DynamicTest> tests = new ArrayList<>();
    for (String name : PublicModels.llavas()) {
      for (String vision : PublicModels.visionTowers()) {
        String model = vision.equals(CLIP) ? name : name + "-siglip";
        Map<String, List<Long>> ours =
            ReferenceShapes.comparable(PublicModelFolder.llava(name, vision).shapes());
        tests.add(
            DynamicTest.dynamicTest(
                model + " as written",
                () ->
                    assertThat(ours)
                        .isEqualTo(ReferenceShapes.named(model + ".transformers-4.52").shapes())));
        LlavaConfig config = PublicModels.llava(name, vision);
        Map<String, List<Long>> wanted =
            ReferenceShapes.comparable(ParameterShapes.of(root -> new Llava(root, config)));
        for (String layout : List.of("hub", "transformers-4.52", "transformers-5")) {
          tests.add(
              DynamicTest.dynamicTest(
                  model + " as read from " + layout,
                  () ->
                      assertThat(seen(ReferenceShapes.named(model + "." + layout)))
                          .isEqualTo(wanted)));
        }
      }
    }
    return tests;
  }

  /** The original files hold neither the vision tower nor a row for the image token. */
  @ParameterizedTest
  @CsvSource({"llava-1.5-7b, 32000", "llava-1.5-13b, 32000"})
  void theOriginalLayoutHasTheNamesAndShapesOfItsProject(String name, int rows) {
    LlavaConfig config = PublicModels.llava(name);
    LlavaConfig withoutImageRow =
        new LlavaConfig(
            config.vision(),
            config.text().withVocabularySize(rows),
            config.imageToken(),
            config.featureLayers(),
            config.dropFirstToken(),
            config.connectorBias(),
            config.connectorLayers());
    Map<String, List<Long>> wanted =
        ReferenceShapes.comparable(ParameterShapes.of(root -> new Llava(root, withoutImageRow)));
    Map<String, List<Long>> found = new HashMap<>(seen(ReferenceShapes.named(name + ".original")));
    assertThat(found.keySet()).noneMatch(key -> key.startsWith("vision_tower."));
    ReferenceShapes.named(CLIP + ".hub")
        .renamed(key -> key.startsWith("vision_model.") ? "vision_tower." + key : null)
        .shapes()
        .forEach(found::put);
    assertThat(found).isEqualTo(wanted);
  }

  @ParameterizedTest
  @CsvSource({"vicuna-7b", "vicuna-13b", "llama-3-8b", "qwen2-7b"})
  void aLanguageModelHasTheNamesAndShapesOfItsProject(String name) {
    assertThat(ReferenceShapes.comparable(PublicModelFolder.of(name).shapes()))
        .isEqualTo(ReferenceShapes.named(name + ".hub").shapes());
  }

  /** The public files hold a text tower too. */
  @ParameterizedTest
  @CsvSource({CLIP, SIGLIP})
  void aVisionTowerHasTheNamesAndShapesOfItsProject(String name) {
    UnaryOperator<String> tower = key -> key.startsWith("vision_model.") ? key : null;
    assertThat(ReferenceShapes.comparable(PublicModelFolder.of(name).shapes()))
        .isEqualTo(ReferenceShapes.named(name + ".hub").renamed(tower).shapes());
  }

  @Test
  void stableDiffusionHasTheNamesAndShapesOfItsProject() {
    Map<String, List<Long>> wanted = new HashMap<>();
    for (String part : List.of("unet", "vae")) {
      ReferenceShapes.named("stable-diffusion-1.5-" + part + ".diffusers")
          .renamed(key -> part + "/" + key)
          .shapes()
          .forEach(wanted::put);
    }
    assertThat(ReferenceShapes.comparable(PublicModelFolder.of("stable-diffusion-1.5").shapes()))
        .isEqualTo(wanted);
  }

  /** The public file of the autoencoder still has the names that diffusers began with. */
  @Test
  void theAutoencodersFirstNamesAreReadToo() {
    ReferenceShapes today = ReferenceShapes.named("stable-diffusion-1.5-vae.diffusers");
    Map<String, String> first =
        Map.of("to_q", "query", "to_k", "key", "to_v", "value", "to_out.0", "proj_attn");
    ReferenceShapes old =
        today.renamed(
            name ->
                first.keySet().stream()
                    .filter(part -> name.contains("." + part + "."))
                    .findFirst()
                    .map(part -> name.replace("." + part + ".", "." + first.get(part) + "."))
                    .orElse(name));
    assertThat(old.names()).isNotEqualTo(today.names());
    try (WeightSource read = new VaeWeights(old)) {
      assertThat(shapes(read)).isEqualTo(today.shapes());
    }
  }

  @Test
  void theFolderThatIsWrittenOpensWithTheNumbersOfAModelBuiltInMemory() throws IOException {
    LlavaConfig config = tiny();
    Path out = folder.resolve("tiny");
    ObjectNode empty = JsonNodeFactory.instance.objectNode();
    PublicModelFolder.llava(config, empty, empty)
        .writeRandom(out, new RandomState(7), ScalarType.BFloat16, 20_000);
    assertThat(JsonConfig.read(out.resolve("config.json")).text("dtype")).isEqualTo("bfloat16");
    assertThat(out.resolve("model.safetensors.index.json")).exists();
    try (PointerScope scope = new PointerScope();
        LoadedLlava written = LoadedLlava.open(out, ScalarType.BFloat16, "cpu");
        ParameterStore store =
            ParameterStore.random(new RandomState(7), ScalarType.BFloat16, "cpu")) {
      assertThat(written.surplus()).isEmpty();
      new Llava(store.root(), config);
      Map<String, Tensor> read = written.parameters().tensors();
      assertThat(read.keySet()).isEqualTo(store.tensors().keySet());
      store.tensors().forEach((name, tensor) -> assertThat(tensor.equal(read.get(name))).isTrue());
    }
    assertThatThrownBy(
            () ->
                PublicModelFolder.of("vicuna-7b")
                    .writeRandom(out, new RandomState(0), ScalarType.Half, 1L << 30))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(out.toString())
        .hasMessageContaining("is there already");
  }

  private static LlavaConfig tiny() throws IOException {
    String json =
        """
        {"model_type": "llava", "image_token_index": 40,
         "text_config": {"model_type": "qwen2", "vocab_size": 64, "hidden_size": 32,
                         "intermediate_size": 48, "num_hidden_layers": 2,
                         "num_attention_heads": 4, "num_key_value_heads": 2},
         "vision_config": {"model_type": "siglip_vision_model", "hidden_size": 24,
                           "image_size": 28, "intermediate_size": 32, "num_attention_heads": 2,
                           "num_hidden_layers": 2, "patch_size": 14}}
        """;
    return LlavaConfig.parse(new ObjectMapper().readTree(json), "tiny");
  }

  @Test
  void anUnknownNameIsRefusedWithThoseThatAre() {
    assertThatThrownBy(() -> PublicModelFolder.of("llava-9b"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("llava-9b")
        .hasMessageContaining("llava-1.5-7b");
  }

  private static Map<String, List<Long>> seen(ReferenceShapes stored) {
    try (WeightSource read = LlavaLayouts.read(stored)) {
      return shapes(read);
    }
  }

  private static Map<String, List<Long>> shapes(WeightSource source) {
    try (PointerScope scope = new PointerScope()) {
      return ReferenceShapes.comparable(
          source.names().stream().collect(Collectors.toMap(name -> name, source::shape)));
    }
  }
}
