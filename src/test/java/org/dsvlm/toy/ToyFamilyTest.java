/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.toy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.catalogue.InspectedModel;
import org.dsvlm.catalogue.Inspection;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.Families;
import org.dsvlm.models.llava.LoadedLlava;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.models.vit.VisionFamily;
import org.dsvlm.nn.RandomWeights;
import org.dsvlm.plan.Plan;
import org.dsvlm.plan.PlanReport;
import org.dsvlm.supervision.LossExpression;
import org.dsvlm.supervision.NamedAdapter;
import org.dsvlm.supervision.Reconstruction;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.TensorScope;
import org.dsvlm.train.TinyRun;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.safetensors.Safetensors;
import org.dsvlm.weights.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * The library takes an encoder, a loss and an adapter from outside: they stand in this package
 * alone and in META-INF/services of the test resources, and nothing in the library names them.
 */
@ExtendWith(TensorScope.class)
class ToyFamilyTest {
  private static final ToyConfig CONFIG = new ToyConfig(6, 3, 16, 8);

  @TempDir private Path folder;

  private static JsonConfig json(String text) throws IOException {
    return JsonConfig.of(new ObjectMapper().readTree(text.replace('\'', '"')), "config.json");
  }

  @Test
  void itsConfigurationIsReadAndWritten() throws IOException {
    assertThat(VisionConfig.parse(CONFIG.toJson(), "config.json")).isEqualTo(CONFIG);
    assertThat(Families.of(JsonConfig.of(CONFIG.toJson(), "config.json")))
        .isEqualTo(new ToyFamily());
    assertThat(VisionConfig.parse(json("{'vision_config': " + CONFIG.toJson() + "}").json(), "x"))
        .isEqualTo(CONFIG);
  }

  @Test
  void anUnknownTypeIsRefusedWithThoseThatAre() {
    assertThatThrownBy(() -> Families.of(json("{'model_type': 'toi_vision_model'}")))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("config.json: 'model_type' is 'toi_vision_model'")
        .hasMessageContaining("toy_vision_model")
        .hasMessageContaining("llava")
        .hasMessageContaining("UNet2DConditionModel");
    assertThatThrownBy(() -> Families.of(json("{'hidden_size': 8}")))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("'model_type' is missing");
    assertThatThrownBy(() -> VisionConfig.parse(json("{'model_type': 'vit'}").json(), "a.json"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("a.json")
        .hasMessageContaining("toy_vision_model");
  }

  @Test
  void itsFolderIsInspected() throws IOException {
    InspectedModel model = Inspection.of(tower()).get(0);
    assertThat(model.architecture()).isEqualTo("Toy (3 layers, width 6, 4 tokens)");
    assertThat(model.complete()).isTrue();
    assertThat(model.surplus()).isEmpty();
    assertThat(model.parameters()).isEqualTo(3 * 8 * 8 * 6 + 6 + 3 * (6 * 6 + 6));
  }

  @Test
  void itsLossIsNamedInSums() {
    Tensor zeros = torch.zeros(2, 3, 4, 4);
    Tensor threes = torch.ones(2, 3, 4, 4).mul(Torch.scalar(3));
    LossExpression loss = LossExpression.parse("0.5*toy_squared + mae", "test");
    assertThat(
            Torch.floats(loss.build(null).perSample(new Reconstruction(zeros, threes, null, null))))
        .containsExactly(0.5f * 9 + 3, 0.5f * 9 + 3);
    assertThat(loss.needsNetwork()).isFalse();
    assertThatThrownBy(() -> LossExpression.parse("toy_cubed", "test"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("mae")
        .hasMessageContaining("toy_squared");
  }

  @Test
  void itsAdapterIsNamed() {
    assertThat(NamedAdapter.named("toy_half", "test")).isInstanceOf(ToyAdapter.class);
    assertThatThrownBy(() -> NamedAdapter.named("toy_third", "test"))
        .isInstanceOf(DsVlmException.class)
        .hasMessage("test: unknown adapter 'toy_third'; known: [linear, mlp, qformer, toy_half]");
  }

  @Test
  void twoStepsTrainIt() throws IOException {
    TinyRun tiny = new TinyRun(folder);
    String[] overrides = overrides(tower());
    Path run = tiny.train("toy", overrides);
    List<ObjectNode> steps =
        TinyRun.metrics(run).stream().filter(row -> row.path("stage").asInt() == 1).toList();
    assertThat(steps).hasSize(2);
    try (Safetensors supervision = Safetensors.open(run.resolve("multi_adapter.safetensors"))) {
      assertThat(supervision.names())
          .contains("adapters.low.weight")
          .doesNotContain("adapters.low.bias");
    }
    for (ObjectNode step : steps) {
      assertThat(step.path("loss_reconstruction").asDouble()).isPositive();
    }
    try (LoadedLlava trained = LoadedLlava.open(run.resolve("export"), ScalarType.Double, "cpu");
        WeightSource untrained =
            new RandomWeights(
                CONFIG.family().module(CONFIG), new RandomState(3), ScalarType.Double)) {
      assertThat(trained.config().vision()).isEqualTo(CONFIG);
      assertThat(trained.surplus()).isEmpty();
      Map<String, Tensor> tensors = trained.parameters().tensors();
      for (String name : untrained.names()) {
        Tensor after = tensors.get("vision_tower." + name);
        assertThat(after.equal(untrained.read(name))).as(name).isFalse();
        assertThat(Torch.item(after.sub(untrained.read(name)).abs().max()))
            .as(name)
            .isLessThan(0.1);
      }
    }
    assertThat(Inspection.of(run.resolve("export")).get(0).architecture())
        .startsWith("LLaVA of Toy (3 layers, width 6, 4 tokens) and llama");
  }

  @Test
  void itsStepsArePlanned() throws IOException {
    Plan plan = Plan.forGpus(new TinyRun(folder).recipe(overrides(tower())), Plan.gpus().get(0), 1);
    JsonNode vision =
        PlanReport.json(plan)
            .path("stages")
            .path("stage1")
            .path("operations")
            .path("vision_encoder");
    // Four pictures a step, of four patches each.
    assertThat(vision.path("convolution").path("forward").asDouble())
        .isEqualTo(4 * 2.0 * 4 * (3 * 8 * 8) * 6);
    assertThat(vision.path("matrix_product").path("forward").asDouble())
        .isEqualTo(4 * 3 * 2.0 * 4 * 6 * 6);
  }

  private static String[] overrides(Path tower) {
    return new String[] {
      "model.vision.path=" + tower,
      "supervision.loss=toy_squared",
      "supervision.adapter.kind=toy_half",
      "stage1.max_steps=2",
      "stage2.max_steps=0",
      "stage2.epochs=0"
    };
  }

  /** A folder with {@link #CONFIG} and random weights, of the seed 3. */
  private Path tower() throws IOException {
    Path tower = Files.createDirectory(folder.resolve("tower"));
    VisionFamily family = CONFIG.family();
    Files.writeString(tower.resolve("config.json"), family.fileOf(CONFIG).toString());
    Files.writeString(
        tower.resolve("preprocessor_config.json"),
        """
        {"image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 16},
         "crop_size": {"height": 16, "width": 16}}
        """);
    try (WeightSource weights =
        new RandomWeights(family.module(CONFIG), new RandomState(3), ScalarType.Double)) {
      SafetensorsWriter.writeFolder(tower, "model", weights, 1 << 20);
    }
    return tower;
  }
}
