/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.dsvlm.catalogue.PublicModelFolder;
import org.dsvlm.models.diffusion.UNetConfig;
import org.dsvlm.nn.cost.Operation.Role;
import org.dsvlm.nn.cost.OperationType;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.supervision.DiffusionSupervisor;
import org.dsvlm.supervision.SupervisionConfig;
import org.dsvlm.tensor.MemoryFigures;
import org.dsvlm.train.recipe.RecipeReader;
import org.dsvlm.weights.safetensors.Safetensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class PlanTest {
  private static final String MAIN = "ds-vlm-vicuna-7b-clip";

  private static Plan plan(String recipe, int gpus, String... overrides) {
    return Plan.forGpus(RecipeReader.resolve(recipe, List.of(overrides)), "h100", gpus);
  }

  static List<String> recipes() {
    return RecipeReader.names();
  }

  @Test
  void parametersAreThoseOfThePublicModels() {
    ModelSizes sizes = plan(MAIN, 1).sizes();
    long language = PublicModelFolder.of("vicuna-7b").parameters();
    assertThat(sizes.parameters(Part.LANGUAGE_MODEL)).isEqualTo(language);
    assertThat(sizes.parameters(Part.VISION_ENCODER))
        .isEqualTo(PublicModelFolder.of("clip-l-336").parameters());
    assertThat(sizes.parameters(Part.UNET) + sizes.parameters(Part.VAE))
        .isEqualTo(PublicModelFolder.of("stable-diffusion-1.5").parameters());
    // VGG-16's convolutions (torchvision) and the five heads of LPIPS.
    assertThat(sizes.parameters(Part.PERCEPTUAL)).isEqualTo(14_714_688 + 1_472);
    // 1024 to 4096 and 4096 to 4096, with biases.
    assertThat(sizes.parameters(Part.CONNECTOR)).isEqualTo(1025 * 4096 + 4097 * 4096);
    // Rank 8 on four products of 4096 by 4096 and three of 4096 by 11008 in each of 32 layers.
    assertThat(sizes.parameters(Part.LORA))
        .isEqualTo(32 * 8 * (4 * (4096 + 4096) + 3 * (4096 + 11008)));
  }

  /** The file of the golden case was written by another implementation. */
  @Test
  void whatSupervisionAddsIsWhatAFileOfItHolds() throws IOException {
    Path golden = Path.of("src/test/resources/golden/ds_vlm_step");
    UNetConfig unet =
        UNetConfig.parse(
            new ObjectMapper()
                .readTree(golden.resolve("stable_diffusion/unet/config.json").toFile()),
            "unet");
    ObjectNode llava =
        (ObjectNode) new ObjectMapper().readTree(golden.resolve("llava/config.json").toFile());
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    DiffusionSupervisor.parameterShapes(
            SupervisionConfig.defaults(),
            unet,
            llava.at("/text_config/hidden_size").asLong(),
            llava.at("/vision_config/hidden_size").asLong())
        .forEach((name, shape) -> shapes.put(name, Arrays.stream(shape).boxed().toList()));
    Map<String, List<Long>> stored = new LinkedHashMap<>();
    try (Safetensors file = Safetensors.open(golden.resolve("multi_adapter.safetensors"))) {
      for (String name : file.names()) {
        stored.put(name, Arrays.stream(file.shape(name)).boxed().toList());
      }
    }
    assertThat(shapes).containsExactlyInAnyOrderEntriesOf(stored);
  }

  /**
   * Counts of torch.utils.flop_counter on transformers' and diffusers' modules, 2 records of 24
   * tokens and a picture, from benchmarks/peers/check_flops.py: forward, and backward without
   * attention. Of the VAE convolutions alone, as PyTorch counts its linear layers with attention.
   */
  @ParameterizedTest
  @CsvSource({
    "ds-vlm-vicuna-7b-clip, VISION_ENCODER, 7.6383643e11, 1.3953726e12, true",
    "ds-vlm-vicuna-7b-siglip, VISION_ENCODER, 1.3328962e12, 2.3105469e12, true",
    "ds-vlm-vicuna-7b-clip, LANGUAGE_MODEL, 1.5932483e13, 1.5554996e13, true",
    "ds-vlm-vicuna-7b-clip, UNET, 5.8241974e11, 5.0365727e11, true",
    "ds-vlm-vicuna-7b-clip, VAE, 1.7898189e12, 1.2357846e12, false"
  })
  void operationsAreThoseThatPyTorchCounts(
      String recipe, Part part, double forward, double backward, boolean withProducts) {
    Plan plan =
        plan(
            recipe,
            1,
            "stage1.batch_size=2",
            "stage1.micro_batch_size=2",
            "data.expected.stage1.text_tokens=24",
            "activation_checkpointing=false",
            "supervision.attention=shared");
    StagePlan stage = plan.stages().get(0);
    assertThat(stage.flops(part, "forward")).isCloseTo(forward, within(1e-6 * forward));
    double products = withProducts ? backward(stage, part, OperationType.MATRIX_PRODUCT) : 0;
    assertThat(backward(stage, part, OperationType.CONVOLUTION) + products)
        .isCloseTo(backward, within(1e-6 * backward));
  }

  private static double backward(StagePlan stage, Part part, OperationType kind) {
    Map<Role, Double> roles = stage.flops().get(part).getOrDefault(kind, Map.of());
    return roles.getOrDefault(Role.INPUT_GRADIENT, 0.0)
        + roles.getOrDefault(Role.WEIGHT_GRADIENT, 0.0);
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void everyRecipeHasAPlan(String recipe) {
    Plan plan = plan(recipe, 8);
    boolean supervised = plan.recipe().supervised();
    int stages = Map.of("nano-scratch", 3, "nano-start", 1).getOrDefault(recipe, 2);
    assertThat(plan.stages()).hasSize(stages);
    for (StagePlan stage : plan.stages()) {
      assertThat(stage.steps()).isPositive();
      assertThat(stage.secondsPerStep()).isPositive();
      assertThat(stage.memory().total()).isPositive();
      if (stage.stage() > 0 && supervised) {
        assertThat(stage.overhead()).isGreaterThan(1);
        assertThat(stage.flops(Part.UNET, "backward")).isPositive();
      } else {
        assertThat(stage.overhead()).isEqualTo(1);
        assertThat(stage.flops()).doesNotContainKey(Part.UNET);
      }
    }
    boolean trains = plan.recipe().visionLearningRate() > 0;
    StagePlan last = plan.stages().get(plan.stages().size() - 1);
    assertThat(last.flops(Part.VISION_ENCODER, "backward") > 0).isEqualTo(trains);
    ObjectNode json = PlanReport.json(plan);
    JsonNode ofLast = json.at("/stages/stage" + last.stage());
    assertThat(ofLast.path("hours").asDouble()).isEqualTo(last.hours());
    assertThat(ofLast.at("/flops/language_model/forward").asDouble()).isPositive();
  }

  @Test
  void stepsAreThoseOfLlava() {
    List<StagePlan> stages = plan(MAIN, 8).stages();
    assertThat(stages.get(0).steps()).isEqualTo((558_128 + 255) / 256);
    assertThat(stages.get(1).steps()).isEqualTo((665_298 + 127) / 128);
    assertThat(stages.get(0).microBatches()).isEqualTo(4);
    assertThat(plan(MAIN, 1).stages().get(0).microBatches()).isEqualTo(32);
  }

  @Test
  void memoryIsCountedFromTheParameters() {
    Plan plan = plan(MAIN, 8);
    Memory memory = plan.stages().get(0).memory();
    double vision = plan.sizes().parameters(Part.VISION_ENCODER);
    Memory.PartMemory encoder = memory.parts().get(Part.VISION_ENCODER);
    assertThat(encoder.weights()).isEqualTo(2 * vision);
    assertThat(encoder.gradients()).isEqualTo(4 * vision);
    Memory.PartMemory language = memory.parts().get(Part.LANGUAGE_MODEL);
    assertThat(language.gradients() + language.optimizerStates()).isZero();
    assertThat(language.activations()).isPositive();
    assertThat(memory.total()).isGreaterThan(memory.weights() + memory.activationPeak());
    Memory second = plan.stages().get(1).memory();
    double lora = plan.sizes().parameters(Part.LORA);
    assertThat(second.parts().get(Part.LORA).optimizerStates()).isEqualTo(8 * lora);
    assertThat(memory.parts().get(Part.LORA).optimizerStates()).isZero();
  }

  @Test
  void aFullerBatchTakesMoreAndRecomputingLess() {
    String keeping = "activation_checkpointing=false";
    StagePlan small = plan(MAIN, 8, keeping, "stage1.micro_batch_size=2").stages().get(0);
    StagePlan large = plan(MAIN, 8, keeping, "stage1.micro_batch_size=4").stages().get(0);
    assertThat(large.memory().activationPeak())
        .isCloseTo(
            2 * small.memory().activationPeak(), within(0.01 * large.memory().activationPeak()));
    assertThat(small.longest()).isGreaterThan(small.memory().activationPeak());
    assertThat(small.recomputed()).isLessThan(small.memory().activationPeak() / 2);
    assertThat(small.totalFlops()).isCloseTo(large.totalFlops(), within(1e-6 * large.totalFlops()));
  }

  @Test
  void masterWeightsAndShardsChangeTheOptimizersStates() {
    ModelSizes sizes = plan(MAIN, 8).sizes();
    double vision = sizes.parameters(Part.VISION_ENCODER);
    String[] deployment = {"optimizer.master_weights=false", "distributed.zero=1"};
    assertThat(visionStates(plan(MAIN, 8))).isEqualTo(12 * vision);
    assertThat(visionStates(plan(MAIN, 8, deployment[0]))).isEqualTo(4 * vision);
    assertThat(visionStates(plan(MAIN, 8, deployment[1]))).isEqualTo(12 * vision / 8);
    assertThat(visionStates(plan(MAIN, 8, deployment))).isEqualTo(4 * vision / 8);
  }

  /**
   * Full fine-tuning of DS-VLM on Vicuna-13B, which does not fit 80 GB with sharded states alone.
   */
  @Test
  void shardedGradientsMakeTheLargestModelFit() {
    List<String> whole =
        List.of("model.language.lora.rank=0", "model.language.trainable=true", "distributed.zero=");
    Map<Integer, Memory> byZero = new TreeMap<>();
    for (int zero = 1; zero <= 2; zero++) {
      String[] keys = {whole.get(0), whole.get(1), whole.get(2) + zero};
      byZero.put(zero, plan("ds-vlm-vicuna-13b-clip", 8, keys).stages().get(1).memory());
    }
    assertThat(byZero.get(2).gradients()).isCloseTo(byZero.get(1).gradients() / 8, within(1.0));
    assertThat(byZero.get(1).exchange()).isZero();
    // The embedding, the head and a matrix of the MLP.
    assertThat(byZero.get(2).exchange()).isEqualTo(4.0 * (2 * 32_000 * 5_120 + 13_824 * 5_120));
    assertThat(byZero.get(1).total()).isGreaterThan(80e9);
    assertThat(byZero.get(2).total()).isLessThanOrEqualTo(70e9);
  }

  private static double visionStates(Plan plan) {
    return plan.stages().get(0).memory().parts().get(Part.VISION_ENCODER).optimizerStates();
  }

  @Test
  void recomputingTakesLessMemoryAndTheBlocksOnceMore() {
    StagePlan kept = plan(MAIN, 8, "activation_checkpointing=false").stages().get(1);
    StagePlan again = plan(MAIN, 8, "activation_checkpointing=true").stages().get(1);
    assertThat(again.memory().activationPeak())
        .isEqualTo(again.recomputed())
        .isEqualTo(kept.recomputed())
        .isLessThan(kept.memory().activationPeak() / 2);
    for (Part part : List.of(Part.VISION_ENCODER, Part.LANGUAGE_MODEL)) {
      double forward = kept.flops(part, "forward");
      assertThat(again.flops(part, "forward")).isEqualTo(forward);
      // All but the embedding of patches, or the head.
      assertThat(again.flops(part, "backward") - kept.flops(part, "backward"))
          .isBetween(0.97 * forward, forward);
    }
    assertThat(again.flops(Part.UNET, "backward")).isEqualTo(kept.flops(Part.UNET, "backward"));
    assertThat(again.secondsPerStep()).isGreaterThan(kept.secondsPerStep());
  }

  @Test
  void anUnrolledReconstructionTakesAPassForEveryStep() {
    String[] oneStep = {"supervision.reconstruction.kind=one-step"};
    String[] unrolled = {
      "supervision.reconstruction.kind=unrolled",
      "supervision.reconstruction.steps=10",
      "supervision.reconstruction.gradient_steps=3"
    };
    StagePlan one = plan(MAIN, 1, oneStep).stages().get(0);
    StagePlan ten = plan(MAIN, 1, unrolled).stages().get(0);
    double forward = one.flops(Part.UNET, "forward");
    assertThat(ten.flops(Part.UNET, "forward")).isCloseTo(10 * forward, within(1e6));
    assertThat(flops(ten, Role.RECOMPUTATION)).isCloseTo(3 * forward, within(1e6));
    // The latents of a step have a gradient too, which reaches the first layers.
    double backward = one.flops(Part.UNET, "backward");
    assertThat(flops(ten, Role.INPUT_GRADIENT) + flops(ten, Role.WEIGHT_GRADIENT))
        .isBetween(3 * backward, 1.1 * 3 * backward);
  }

  private static double flops(StagePlan stage, Role role) {
    return stage.flops().get(Part.UNET).values().stream()
        .mapToDouble(roles -> roles.getOrDefault(role, 0.0))
        .sum();
  }

  @Test
  void thisMachinesPlanIsMeasured() {
    List<String> overrides =
        new ArrayList<>(List.of("stage1.batch_size=1", "stage2.batch_size=1", "threads=1"));
    Plan plan = Plan.forThisMachine(RecipeReader.resolve("nano-scratch", overrides));
    assertThat(plan.hardware().source()).startsWith("measured");
    assertThat(plan.hardware().measured().get(OperationType.MATRIX_PRODUCT)).isNotEmpty();
    assertThat(plan.hardware().measured().get(OperationType.NORM)).isNotEmpty();
    assertThat(plan.stages()).allMatch(stage -> stage.secondsPerStep() > 0);
    assertThat(plan.hardware().memory()).isEqualTo(MemoryFigures.machineBytes());
    assertThat(plan.hardware().runtime()).isBetween(1.0, plan.hardware().memory());
  }
}
