/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.data.nano.NanoArchive;
import org.dsvlm.data.nano.NanoWorld;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Sha256;
import org.dsvlm.models.diffusion.StableDiffusion;
import org.dsvlm.models.diffusion.StableDiffusionFolder;
import org.dsvlm.models.vgg.PerceptualNetwork;
import org.dsvlm.train.run.StepMetrics;
import org.dsvlm.train.run.TrainingListener;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every part for a few steps, on a small world; the built-in recipe but for its steps. */
class PretrainingTest {
  private static final List<String> SHORT =
      List.of(
          "tokenizer.vocabulary=400",
          "clip.steps=4",
          "clip.batch_size=4",
          "vision.steps=4",
          "vision.batch_size=4",
          "language.steps=4",
          "connector.steps=4",
          "connector.batch_size=4",
          "language.batch_size=2",
          "language.length=96",
          "vae.steps=4",
          "vae.batch_size=4",
          "unet.steps=4",
          "unet.batch_size=4",
          "vgg.steps=4",
          "vgg.batch_size=4",
          "vgg.heads_fitted_on=50",
          "vgg.measured_on=50",
          "vgg.widths=[4, 4, 4, 4, 4]");

  private static final Set<String> WITHOUT_STEPS = Set.of("tokenizer", "adapters");

  @TempDir private static Path shared;

  private static Path world;
  private static Path parts;

  /** Losses of the steps, by part. */
  private static final Map<String, Map<Long, Double>> LOSSES = new HashMap<>();

  @BeforeAll
  static void trainAll() {
    world = shared.resolve("world");
    NanoArchive.writeWorld(world, new NanoWorld.Size(1, 64, 40, 30, 2));
    parts = shared.resolve("parts");
    for (String part : Pretraining.names()) {
      Map<Long, Double> losses = new HashMap<>();
      LOSSES.put(part, losses);
      assertThat(pretraining(part, world, parts).run(recording(losses), () -> false)).isTrue();
    }
  }

  private static Pretraining pretraining(String part, Path world, Path parts) {
    return new Pretraining(part, "nano", SHORT, world, parts);
  }

  private static TrainingListener recording(Map<Long, Double> losses) {
    return new TrainingListener() {
      @Override
      public void stageStarted(int stage, long done, long total) {}

      @Override
      public void stepDone(StepMetrics metrics) {
        losses.put(metrics.step(), metrics.loss());
      }

      @Override
      public void stageEnded(int stage) {}
    };
  }

  private static Map<String, String> digests(Path folder) throws IOException {
    Map<String, String> digests = new HashMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (!file.getFileName().toString().equals(Pretraining.DESCRIPTION)) {
          digests.put(folder.relativize(file).toString(), Sha256.hex(file));
        }
      }
    }
    return digests;
  }

  @Test
  void everyStepHasALossThatIsANumber() {
    LOSSES.forEach(
        (part, losses) -> {
          assertThat(losses).as(part).hasSize(WITHOUT_STEPS.contains(part) ? 0 : 4);
          assertThat(losses.values()).as(part).allMatch(Double::isFinite);
        });
  }

  /** Stopped after two steps and started again, each part is the same bit for bit. */
  @Test
  void aTrainingThatWasStoppedGoesOnAsIfItHadNot(@TempDir Path again) throws IOException {
    for (String part : Pretraining.names()) {
      AtomicInteger asked = new AtomicInteger();
      Pretraining pretraining = pretraining(part, world, again);
      boolean done = pretraining.run(TrainingListener.NONE, () -> asked.incrementAndGet() == 2);
      if (!WITHOUT_STEPS.contains(part)) {
        assertThat(done).as(part).isFalse();
        assertThat(pretraining.folder()).doesNotExist();
        Map<Long, Double> rest = new HashMap<>();
        assertThat(pretraining(part, world, again).run(recording(rest), () -> false)).isTrue();
        assertThat(rest.keySet()).as(part).containsExactlyInAnyOrder(3L, 4L);
        rest.forEach((step, loss) -> assertThat(loss).isEqualTo(LOSSES.get(part).get(step)));
      }
      Path first = pretraining(part, world, parts).folder();
      assertThat(digests(pretraining.folder())).as(part).isEqualTo(digests(first));
    }
  }

  @Test
  void figuresOfAPartAreFoundAgain() {
    for (String part : Pretraining.names()) {
      Map<String, Pretraining.Checked> checked = pretraining(part, world, parts).check();
      assertThat(checked).as(part).isNotEmpty();
      checked.forEach(
          (name, figure) -> assertThat(figure.agrees()).as(name + " " + figure).isTrue());
    }
  }

  @Test
  void aFigureThatIsNotFoundIsSaid(@TempDir Path copy) throws IOException {
    Path vae = Files.createDirectories(copy.resolve("stable_diffusion/vae"));
    for (Path file :
        List.of(
            Path.of("config.json"),
            Path.of("part.json"),
            Path.of("diffusion_pytorch_model.safetensors"))) {
      Files.copy(parts.resolve("stable_diffusion/vae").resolve(file), vae.resolve(file));
    }
    ObjectMapper json = new ObjectMapper();
    Path description = vae.resolve("part.json");
    ObjectNode part = (ObjectNode) json.readTree(description.toFile());
    ObjectNode figures = (ObjectNode) part.get("figures");
    double stated = figures.get("psnr_db new-scenes").asDouble();
    figures.put("psnr_db new-scenes", 1.03 * stated);
    json.writeValue(description.toFile(), part);
    Map<String, Pretraining.Checked> checked = pretraining("vae", world, copy).check();
    assertThat(checked.get("psnr_db new-scenes").agrees()).isFalse();
    assertThat(checked.get("psnr_db new-concepts").agrees()).isTrue();
  }

  @Test
  void aPartIsCheckedOnTheWorldThatItWasMeasuredOn(@TempDir Path other) {
    Path another = other.resolve("world");
    NanoArchive.writeWorld(another, new NanoWorld.Size(2, 64, 0, 30, 2));
    assertThatThrownBy(() -> pretraining("vae", another, parts).check())
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("is not that of the world on which");
  }

  @Test
  void whatIsMissingOrThereAlreadyIsSaid(@TempDir Path empty) {
    assertThatThrownBy(
            () -> pretraining("unet", world, empty).run(TrainingListener.NONE, () -> false))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("unet needs it, train it first");
    assertThatThrownBy(
            () -> pretraining("vae", world, parts).run(TrainingListener.NONE, () -> false))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("is there already");
    assertThatThrownBy(
            () -> pretraining("vae", empty, empty).run(TrainingListener.NONE, () -> false))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("is no nano world");
    assertThatThrownBy(() -> new Pretraining("vae", "nano", List.of("vae.stepps=1"), world, parts))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("with a key of the pretraining recipe")
        .hasMessageContaining("at this place there are [steps, checkpoint_every, batch_size,");
  }

  /** What recipes name as paths opens as any other model does. */
  @Test
  void foldersAreInThePublicLayouts() {
    try (StableDiffusion diffusion =
        StableDiffusionFolder.open(parts.resolve("stable_diffusion"), ScalarType.Float, "cpu")) {
      assertThat(diffusion.unet().config().inChannels())
          .isEqualTo(diffusion.vae().config().latentChannels());
    }
    Path perceptual = parts.resolve("perceptual");
    try (PerceptualNetwork network =
        PerceptualNetwork.open(
            perceptual.resolve("vgg.safetensors"),
            perceptual.resolve("lpips.safetensors"),
            ScalarType.Float,
            "cpu")) {
      assertThat(network.widths()).containsExactly(4L, 4L, 4L, 4L, 4L);
    }
  }
}
