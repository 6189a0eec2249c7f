/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.data.Batch;
import org.dsvlm.data.Prefetcher;
import org.dsvlm.data.RecordSource;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.llava.Llava;
import org.dsvlm.models.llava.LlavaExport;
import org.dsvlm.models.llava.LlavaPictures;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Threads;
import org.dsvlm.tensor.Torch;
import org.dsvlm.train.optim.AdamW;
import org.dsvlm.train.optim.CosineWithWarmup;
import org.dsvlm.train.optim.GradientClipping;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.recipe.RecipeReader;
import org.dsvlm.train.run.RunFolder;
import org.dsvlm.weights.safetensors.Safetensors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrainingRunTest {
  @TempDir private Path folder;
  private TinyRun tiny;

  @BeforeEach
  void records() throws IOException {
    tiny = new TinyRun(folder);
  }

  @Test
  void leavesMetricsCheckpointExportAndDiffusionModel() throws IOException {
    Path run = tiny.train("run");
    List<ObjectNode> rows = TinyRun.metrics(run);
    assertThat(rows).extracting(row -> row.get("step").asInt()).containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(rows).extracting(row -> row.get("stage").asInt()).containsExactly(1, 1, 1, 2, 2, 2);
    assertThat(rows)
        .allSatisfy(
            row -> {
              assertThat(row.get("loss").asDouble())
                  .isCloseTo(
                      row.get("loss_language").asDouble()
                          + row.get("loss_reconstruction").asDouble(),
                      within(1e-12));
              assertThat(row.has("learning_rate")).isTrue();
              areWeights(row);
              double squares =
                  Stream.of("connector", "supervision", "language_model", "vision_encoder", "unet")
                      .mapToDouble(part -> row.get("grad_norm_" + part).asDouble())
                      .map(norm -> norm * norm)
                      .sum();
              assertThat(Math.sqrt(squares))
                  .isCloseTo(row.get("grad_norm").asDouble(), withinPercentage(1e-9));
            });
    assertThat(Files.readAllLines(run.resolve("metrics_stage0.jsonl")))
        .hasSize(2)
        .allMatch(line -> line.contains("\"grad_norm_vae\""));
    assertThat(run.resolve("checkpoints")).isDirectoryContaining("glob:**step-6");
    assertThat(TinyRun.results(run).keySet())
        .contains(
            "export/model.safetensors",
            "export/config.json",
            "export/tokenizer.json",
            "multi_adapter.safetensors",
            "stable_diffusion/vae/config.json",
            "stable_diffusion/unet/diffusion_pytorch_model.safetensors");
  }

  /** Stage 2 pads to a square by default, stage 1 does not. */
  @Test
  void theExportProcessesPicturesAsTheLastStageDid() throws IOException {
    Path both =
        tiny.train("both", "stage1.max_steps=1", "stage2.max_steps=1", "supervision.enabled=false");
    assertThat(LlavaPictures.read(both.resolve("export")).padsToSquare()).isTrue();
    Path first =
        tiny.train(
            "first",
            "stage1.max_steps=1",
            "stage2.max_steps=0",
            "stage2.epochs=0",
            "supervision.enabled=false");
    assertThat(LlavaPictures.read(first.resolve("export")).padsToSquare()).isFalse();
  }

  /** Interrupted before the first checkpoint, within stage 1, at its end, within stage 2. */
  @ParameterizedTest
  @ValueSource(longs = {1, 3, 4, 5})
  void aResumedRunIsBitwiseTheOneThatWasNeverStopped(long lastStep) throws IOException {
    Path straight = tiny.train("straight");
    Path resumed = tiny.trainInTwoParts("resumed", lastStep);
    TinyRun.assertSame(resumed, straight);
  }

  @Test
  void aResumedRunInBfloat16GoesOnFromItsMasters() throws IOException {
    Path straight = tiny.train("straight", "precision=bfloat16");
    Path resumed = tiny.trainInTwoParts("resumed", 5, "precision=bfloat16");
    TinyRun.assertSame(resumed, straight);
    try (Safetensors state =
        Safetensors.open(straight.resolve("checkpoints/step-6/optimizer.safetensors"))) {
      assertThat(state.names()).anyMatch(name -> name.endsWith(".master"));
    }
  }

  @Test
  void activationCheckpointingChangesNoBit() throws IOException {
    String plain = "supervision.enabled=false";
    Path kept = tiny.train("kept", plain);
    Path recomputed = tiny.train("recomputed", plain, "activation_checkpointing=true");
    TinyRun.assertSame(recomputed, kept);
  }

  /**
   * A hidden state that is tapped too has three gradients, which are then added in another order.
   */
  @Test
  void activationCheckpointingUnderSupervisionChangesRoundingAlone() throws IOException {
    List<ObjectNode> kept = TinyRun.metrics(tiny.train("kept"));
    List<ObjectNode> recomputed =
        TinyRun.metrics(tiny.train("recomputed", "activation_checkpointing=true"));
    for (int step = 0; step < kept.size(); step++) {
      for (String key : List.of("loss", "grad_norm", "grad_norm_vision_encoder")) {
        assertThat(recomputed.get(step).get(key).asDouble())
            .as("%s of step %d", key, step + 1)
            .isCloseTo(kept.get(step).get(key).asDouble(), withinPercentage(1e-8));
      }
    }
  }

  @Test
  void withoutSupervisionItIsPlainLlavaBitwise() throws IOException {
    String[] plain = {
      "supervision.enabled=false", "stage1.micro_batch_size=4", "stage2.micro_batch_size=4"
    };
    Path run = tiny.train("plain", plain);
    assertThat(run.resolve("stable_diffusion")).doesNotExist();
    assertThat(run.resolve("metrics_stage0.jsonl")).doesNotExist();
    Path expected = trainPlainLlava(RecipeReader.bind(tiny.recipe(plain)));
    assertThat(run.resolve("export/model.safetensors")).hasSameBinaryContentAs(expected);
  }

  /** LLaVA's training as its paper has it, without the trainer: loss, backward, clip, AdamW. */
  private Path trainPlainLlava(Recipe recipe) {
    Path out = folder.resolve("by hand");
    RandomState random = new RandomState(recipe.seed());
    // A run takes all that the process may use, LibTorch by itself a thread a core.
    try (Threads.Held threads = Threads.hold(Threads.wanted().count());
        RunFolder run = RunFolder.create(folder.resolve("scratch"), tiny.recipe());
        RunData data = new RunData(recipe, run, random);
        LlavaStart start = LlavaStart.of(recipe, data, random, ScalarType.Double)) {
      Llava llava = start.model();
      TrainableParts parts = new TrainableParts(recipe, start.parameters(), null, List.of(), null);
      for (int stage = 1; stage <= 2; stage++) {
        Recipe.Stage settings = recipe.stage(stage);
        CosineWithWarmup schedule = new CosineWithWarmup(1, settings.maxSteps());
        try (RecordSource records = data.records(stage);
            AdamW optimizer = new AdamW(parts.enter(stage), 0.9, 0.999, 1e-8);
            Prefetcher<RunData.Step> steps =
                data.steps(stage, records, llava.config(), 0, settings.maxSteps())) {
          for (long step = 0; step < settings.maxSteps(); step++) {
            try (PointerScope scope = new PointerScope();
                RunData.Step next = steps.next()) {
              Batch batch = next.microBatches().get(0);
              llava
                  .loss(
                      batch.inputIds(),
                      batch.attentionMask(),
                      batch.labels(),
                      llava.encode(batch.pixelValues().to(ScalarType.Double)))
                  .backward();
              GradientClipping clipping = GradientClipping.of(optimizer.gradientsByPart());
              optimizer.step(schedule.factor(step), clipping.factor(clipping.norms().all(), 1));
              optimizer.zeroGradients();
            }
          }
        }
      }
      LlavaExport.write(
          out, llava.config(), start.parameters().tensors(), data.modelFiles(), ScalarType.Double);
    }
    return out.resolve("model.safetensors");
  }

  @Test
  void leavesPicturesOnTheWayAndAFilmStrip() throws IOException {
    Path run = tiny.train("run", "tensorboard.pictures_every_steps=2", "report.pictures=2");
    assertThat(names(run.resolve("reconstructions")))
        .containsExactly("step-1.png", "step-3.png", "step-5.png");
    assertThat(names(run.resolve("film_strip"))).containsExactly("picture-1", "picture-2");
    Path strip = run.resolve("film_strip/picture-2");
    assertThat(names(strip))
        .containsExactly("original.png", "step-0.png", "step-1.png", "step-2.png", "step-3.png");
    for (String name : names(strip)) {
      Picture picture = Picture.read(strip.resolve(name));
      assertThat(picture.width()).isEqualTo(16);
      assertThat(picture.height()).isEqualTo(16);
    }
    assertThat(Files.readAllBytes(strip.resolve("step-0.png")))
        .isNotEqualTo(Files.readAllBytes(strip.resolve("step-3.png")));
    assertThat(tiny.train("none", "report.pictures=0").resolve("film_strip")).doesNotExist();
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> children = Files.list(folder)) {
      return children.map(child -> child.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void notesWhenEachStageWasTakenUpAndLeft() throws IOException {
    Path run = tiny.train("run");
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("sessions.jsonl"))) {
      lines.add(new ObjectMapper().readTree(line));
    }
    assertThat(lines)
        .extracting(line -> line.get("event").asText() + " " + line.get("stage").asInt())
        .containsExactly("started 0", "ended 0", "started 1", "ended 1", "started 2", "ended 2");
    assertThat(lines.get(4).get("done").asInt()).isZero();
    assertThat(lines.get(4).get("total").asInt()).isEqualTo(3);
    assertThat(lines.get(4).at("/system/libtorch").asText()).startsWith("2.");
    assertThat(lines.get(4).at("/system/threads").asInt()).isPositive();
  }

  /** Each layer's weights, and their mean over the layers, sum to 1. */
  private static void areWeights(ObjectNode row) {
    List<String> features = List.of("router_text", "router_low", "router_mid", "router_high");
    double sum = features.stream().mapToDouble(feature -> row.get(feature).asDouble()).sum();
    assertThat(sum).isCloseTo(1, within(1e-12));
    assertThat(row.get("router")).hasSize(4);
    for (JsonNode layer : row.get("router")) {
      double ofLayer = 0;
      for (JsonNode weight : layer) {
        ofLayer += weight.asDouble();
      }
      assertThat(layer).hasSize(4);
      assertThat(ofLayer).isCloseTo(1, within(1e-6));
    }
  }

  @Test
  void microBatchesGiveTheGradientOfTheWholeBatch() throws IOException {
    Path parts = tiny.train("parts", "stage1.micro_batch_size=3", "stage2.micro_batch_size=3");
    Path whole = tiny.train("whole", "stage1.micro_batch_size=4", "stage2.micro_batch_size=4");
    List<ObjectNode> expected = TinyRun.metrics(whole);
    List<ObjectNode> actual = TinyRun.metrics(parts);
    for (int i = 0; i < expected.size(); i++) {
      for (String key :
          List.of("loss_language", "loss_reconstruction", "grad_norm", "router_low")) {
        assertThat(actual.get(i).get(key).asDouble())
            .as("%s of step %d", key, i + 1)
            .isCloseTo(expected.get(i).get(key).asDouble(), within(1e-10));
      }
      assertThat(actual.get(i).get("router").properties()).hasSize(4);
      for (String layer : List.of("down.0.0", "up.1.1")) {
        assertThat(actual.get(i).at("/router/" + layer + "/1").asDouble())
            .as("%s of step %d", layer, i + 1)
            .isCloseTo(expected.get(i).at("/router/" + layer + "/1").asDouble(), within(1e-6));
      }
    }
  }

  @Test
  void theSupervisionAloneTrainsEncoderAndConnector() throws IOException {
    Path run = tiny.train("run", "language_weight=0", "stage2.epochs=0", "stage2.max_steps=0");
    assertThat(TinyRun.metrics(run)).noneMatch(row -> row.has("loss_language"));
    Path start =
        tiny.train(
            "start",
            "stage1.epochs=0",
            "stage1.max_steps=0",
            "stage2.epochs=0",
            "stage2.max_steps=0");
    try (PointerScope scope = new PointerScope();
        Safetensors trained = Safetensors.open(run.resolve("export/model.safetensors"));
        Safetensors untrained = Safetensors.open(start.resolve("export/model.safetensors"))) {
      for (String name :
          List.of(
              "model.multi_modal_projector.linear_1.weight",
              "model.vision_tower.vision_model.embeddings.patch_embedding.weight")) {
        assertThat(Torch.doubles(trained.read(name)))
            .as(name)
            .isNotEqualTo(Torch.doubles(untrained.read(name)));
      }
      String language = "model.language_model.layers.0.mlp.up_proj.weight";
      assertThat(Torch.doubles(trained.read(language)))
          .isEqualTo(Torch.doubles(untrained.read(language)));
    }
  }

  /**
   * The warm-up's first step, number 4, changes nothing; number 5 throws the parameters far off,
   * which number 6 finds out.
   */
  @Test
  @BadInput(
      number = 60,
      value = "NaN losses in a row",
      then = "the run stops after max_skipped_in_a_row and names the last good checkpoint")
  void aLossThatIsNoNumberStopsTheRunAndNamesTheLastGoodCheckpoint() throws IOException {
    assertThatThrownBy(
            () ->
                tiny.train(
                    "run",
                    "stage2.learning_rate=1e300",
                    "max_skipped_in_a_row=1",
                    "checkpoint.every_steps=1",
                    "checkpoint.keep=2"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("stage 2, step 6")
        .hasMessageContaining("max_skipped_in_a_row is 1")
        .hasMessageContaining(
            "The last good checkpoint is " + folder.resolve("run/checkpoints/step-4"))
        .hasMessageContaining("learning rate");
    assertThat(folder.resolve("run/checkpoints/step-4")).isDirectory();
    assertThat(TinyRun.metrics(folder.resolve("run")))
        .extracting(row -> row.get("skipped").asInt())
        .containsExactly(0, 0, 0, 0, 0, 1);
  }
}
