/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.recipe.RecipeReader;
import org.dsvlm.weights.safetensors.Safetensors;
import org.dsvlm.weights.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs whose parts start from files. */
class StartValuesTest {
  private static final String CONNECTOR = "model.multi_modal_projector.linear_1.weight";

  /** Leaves everything that the run starts from as it is. */
  private static final List<String> STILL =
      List.of("stage1.max_steps=1", "stage2.max_steps=0", "stage2.epochs=0");

  @TempDir private Path folder;
  private TinyRun tiny;

  @BeforeEach
  void records() throws IOException {
    tiny = new TinyRun(folder);
  }

  private Path train(String name, List<String> first, String... further) {
    List<String> all = new java.util.ArrayList<>(first);
    all.addAll(List.of(further));
    return tiny.train(name, all.toArray(String[]::new));
  }

  /** The first step of a stage has the rate 0, so a run of one step exports its start. */
  private double[] connector(Path run) {
    try (PointerScope scope = new PointerScope();
        Safetensors weights = Safetensors.open(run.resolve("export/model.safetensors"))) {
      return Torch.doubles(weights.read(CONNECTOR));
    }
  }

  /**
   * Stages are where a second run can go on in the same bits: each has an optimizer, a schedule and
   * an order of records of its own.
   */
  @Test
  void aRunOfStage1AndOneOfStage2AreARunOfBoth() throws IOException {
    Path both = tiny.train("both");
    Path first = tiny.train("first", "stage2.max_steps=0", "stage2.epochs=0");
    Path second =
        tiny.train(
            "second",
            "stage1.max_steps=0",
            "stage1.epochs=0",
            "steps_before=3",
            "model.llava=" + first.resolve("export"),
            "model.stable_diffusion.path=" + first.resolve("stable_diffusion"),
            "model.start.multi_adapter=" + first.resolve("multi_adapter.safetensors"));
    Map<String, byte[]> expected = TinyRun.results(both);
    Map<String, byte[]> actual = TinyRun.results(second);
    for (String file :
        List.of(
            "multi_adapter.safetensors",
            "export/model.safetensors",
            "stable_diffusion/unet/diffusion_pytorch_model.safetensors")) {
      assertThat(actual.get(file)).as(file).isEqualTo(expected.get(file));
    }
    List<ObjectNode> rows = TinyRun.metrics(second);
    List<ObjectNode> all = TinyRun.metrics(both).subList(3, 6);
    rows.forEach(row -> row.remove("step"));
    all.forEach(row -> row.remove("step"));
    assertThat(rows).isEqualTo(all);
    Path elsewhere =
        tiny.train(
            "elsewhere",
            "stage1.max_steps=0",
            "stage1.epochs=0",
            "model.llava=" + first.resolve("export"),
            "model.stable_diffusion.path=" + first.resolve("stable_diffusion"),
            "model.start.multi_adapter=" + first.resolve("multi_adapter.safetensors"));
    assertThat(TinyRun.results(elsewhere).get("multi_adapter.safetensors"))
        .as("other timesteps and noise without steps_before")
        .isNotEqualTo(expected.get("multi_adapter.safetensors"));
  }

  @Test
  void adaptersExpertsAndRoutersStartAsTheFileHasThem() throws IOException {
    Path first = train("first", List.of("stage2.max_steps=0", "stage2.epochs=0"));
    Path file = first.resolve("multi_adapter.safetensors");
    Path again = train("again", STILL, "model.start.multi_adapter=" + file);
    assertThat(Files.readAllBytes(again.resolve("multi_adapter.safetensors")))
        .isEqualTo(Files.readAllBytes(file));
    Path anew = train("anew", STILL);
    assertThat(Files.readAllBytes(anew.resolve("multi_adapter.safetensors")))
        .isNotEqualTo(Files.readAllBytes(file));
    assertThatThrownBy(
            () ->
                train(
                    "fewer",
                    STILL,
                    "model.start.multi_adapter=" + file,
                    "supervision.features=[text, low]"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("supervision.features");
  }

  /** What the file lacks starts as it does without one. */
  @Test
  void aFileOfAdaptersAloneLeavesTheRestAsItIs() throws IOException {
    Path anew = train("anew", STILL).resolve("multi_adapter.safetensors");
    Path file = folder.resolve("adapters.safetensors");
    Map<String, double[]> expected = new LinkedHashMap<>();
    try (PointerScope scope = new PointerScope();
        Safetensors drawn = Safetensors.open(anew)) {
      drawn.names().forEach(name -> expected.put(name, Torch.doubles(drawn.read(name))));
      Tensor low = drawn.read("adapters.low.weight").mul(Torch.scalar(2));
      SafetensorsWriter.write(file, Map.of("adapters.low.weight", low));
      expected.put("adapters.low.weight", Torch.doubles(low));
    }
    Path run = train("told", STILL, "model.start.multi_adapter=" + file);
    try (PointerScope scope = new PointerScope();
        Safetensors told = Safetensors.open(run.resolve("multi_adapter.safetensors"))) {
      assertThat(told.names()).isEqualTo(expected.keySet());
      expected.forEach(
          (name, values) ->
              assertThat(Torch.doubles(told.read(name))).as(name).containsExactly(values));
    }
  }

  @Test
  void aFileOfTheEarlierRunThatIsNotNamedIsSaid() throws IOException {
    Path run = Files.createDirectories(folder.resolve("earlier/stable_diffusion")).getParent();
    Recipe recipe = with("model.stable_diffusion.path=" + run.resolve("stable_diffusion"));
    assertThat(StartValues.passedOver(recipe)).isEmpty();
    Path file = Files.createFile(run.resolve("multi_adapter.safetensors"));
    assertThat(StartValues.passedOver(recipe)).contains(file);
    assertThat(StartValues.passedOver(with("model.llava=" + run.resolve("export")))).contains(file);
    assertThat(StartValues.passedOver(with("seed=1"))).isEmpty();
  }

  private static Recipe with(String override) {
    return RecipeReader.bind(RecipeReader.resolve("nano-scratch", List.of(override)));
  }

  @Test
  void theConnectorStartsFromAFileOfTheOriginalProject() {
    Path file = folder.resolve("mm_projector.safetensors");
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    try (PointerScope scope = new PointerScope()) {
      tensors.put("model.mm_projector.0.weight", new RandomState(1).normal(8, 8));
      tensors.put("model.mm_projector.0.bias", new RandomState(2).normal(8));
      tensors.put("model.mm_projector.2.weight", new RandomState(3).normal(8, 8));
      tensors.put("model.mm_projector.2.bias", new RandomState(4).normal(8));
      SafetensorsWriter.write(file, tensors);
      Path run = train("run", STILL, "model.start.connector=" + file);
      assertThat(connector(run))
          .isEqualTo(Torch.doubles(tensors.get("model.mm_projector.0.weight")));
      tensors.remove("model.mm_projector.2.bias");
      SafetensorsWriter.write(file, tensors);
      assertThatThrownBy(() -> train("part", STILL, "model.start.connector=" + file))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining(file + ": lacks model.mm_projector.2.bias");
      tensors.put("model.mm_projector.2.bias", new RandomState(4).normal(9));
      SafetensorsWriter.write(file, tensors);
      assertThatThrownBy(() -> train("other", STILL, "model.start.connector=" + file))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("model.mm_projector.2.bias is [9], but the model's is [8]");
      tensors.put("model.mm_projector.2.bias", new RandomState(4).normal(8));
      tensors.put("model.mm_projector.4.weight", new RandomState(5).normal(8, 8));
      SafetensorsWriter.write(file, tensors);
      assertThatThrownBy(() -> train("deeper", STILL, "model.start.connector=" + file))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("the model has no place for model.mm_projector.4.weight");
    }
  }

  /** Names as PEFT's wrapping gives them; the file may hold less than the whole connector. */
  @Test
  void nonLoraTrainablesReplaceWhatTheyHold() {
    Path file = folder.resolve("non_lora_trainables.safetensors");
    try (PointerScope scope = new PointerScope()) {
      Tensor weight = new RandomState(1).normal(8, 8);
      SafetensorsWriter.write(file, Map.of("base_model.model.model.mm_projector.0.weight", weight));
      Path run = train("run", STILL, "model.start.non_lora_trainables=" + file);
      assertThat(connector(run)).isEqualTo(Torch.doubles(weight));
      SafetensorsWriter.write(file, Map.of("base_model.model.model.mm_resampler.weight", weight));
      assertThatThrownBy(() -> train("other", STILL, "model.start.non_lora_trainables=" + file))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("no place for base_model.model.model.mm_resampler.weight");
    }
  }

  @Test
  void aLoraAdapterGoesOnFromItsFolder() throws IOException {
    List<String> lora =
        List.of(
            "model.language.trainable=false",
            "model.language.lora.rank=2",
            "stage1.max_steps=0",
            "stage1.epochs=0");
    Path first = train("first", lora, "stage2.learning_rate=0.05");
    Path adapter = first.resolve("adapter");
    Path again = train("again", lora, "stage2.max_steps=1", "model.language.lora.path=" + adapter);
    assertThat(Files.readAllBytes(again.resolve("adapter/adapter_model.safetensors")))
        .isEqualTo(Files.readAllBytes(adapter.resolve("adapter_model.safetensors")));
    assertThatThrownBy(
            () ->
                train(
                    "other",
                    lora,
                    "model.language.lora.rank=3",
                    "model.language.lora.path=" + adapter))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("model.language.lora: rank is 3")
        .hasMessageContaining("has rank 2");
  }
}
