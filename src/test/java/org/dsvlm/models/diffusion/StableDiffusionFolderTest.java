/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.nn.Init;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.Closed;
import org.dsvlm.testing.Closes;
import org.dsvlm.testing.NativeObjects;
import org.dsvlm.testing.PickleFiles;
import org.dsvlm.weights.safetensors.Safetensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StableDiffusionFolderTest {
  private static final Path GOLDEN =
      Path.of("src/test/resources/golden/ds_vlm_step/stable_diffusion");
  private static final String WEIGHTS = "diffusion_pytorch_model.safetensors";

  @TempDir Path parent;

  private static float[] denoised(StableDiffusion model) {
    try (PointerScope scope = new PointerScope()) {
      Tensor sample = new RandomState(1).normal(1, 2, 4, 4);
      Tensor context = new RandomState(2).normal(1, 3, 6);
      Tensor timesteps = DdimSampler.timesteps(401, sample);
      Tensor latents = model.unet().forward(sample, timesteps, List.of(context));
      return Torch.floats(model.vae().decode(latents));
    }
  }

  @Test
  void readsWhatItWrites() {
    Path folder = parent.resolve("sd");
    try (StableDiffusion model = TinyDiffusion.model(ScalarType.Float)) {
      StableDiffusionFolder.write(folder, model);
      try (StableDiffusion again = StableDiffusionFolder.open(folder, ScalarType.Float, "cpu")) {
        assertThat(again.unet().config()).isEqualTo(model.unet().config());
        assertThat(again.vae().config()).isEqualTo(model.vae().config());
        assertThat(again.schedule().toJson()).isEqualTo(model.schedule().toJson());
        assertThat(denoised(again)).containsExactly(denoised(model));
      }
    }
  }

  @Test
  void readsAPublicFolderAndLeavesItAlone() throws IOException {
    Map<Path, Long> before = modified(GOLDEN);
    try (StableDiffusion model = StableDiffusionFolder.open(GOLDEN, ScalarType.Float, "cpu")) {
      assertThat(model.vae().config().reduction()).isEqualTo(4);
      assertThat(model.schedule().prediction()).isEqualTo(Prediction.EPSILON);
    }
    assertThat(modified(GOLDEN)).isEqualTo(before);
  }

  private static Map<Path, Long> modified(Path folder) throws IOException {
    Map<Path, Long> times = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.toList()) {
        times.put(file, Files.getLastModifiedTime(file).toMillis());
      }
    }
    return times;
  }

  @Test
  void writesOverAFolderThatItWasReadFrom() {
    Path folder = parent.resolve("sd");
    try (StableDiffusion model = TinyDiffusion.model(ScalarType.Float)) {
      StableDiffusionFolder.write(folder, model);
    }
    try (StableDiffusion model = StableDiffusionFolder.open(folder, ScalarType.Float, "cpu")) {
      float[] before = denoised(model);
      StableDiffusionFolder.write(folder, model);
      try (StableDiffusion again = StableDiffusionFolder.open(folder, ScalarType.Float, "cpu")) {
        assertThat(denoised(again)).containsExactly(before);
      }
    }
    assertThat(parent.toFile().list()).containsExactly("sd");
  }

  @Test
  void keepsParametersOfOthersOutOfTheFile() {
    Path folder = parent.resolve("sd");
    try (StableDiffusion model = TinyDiffusion.model(ScalarType.Float)) {
      model.unetStore().root().get("router.weight", Init.ZEROS, 4, 4);
      StableDiffusionFolder.write(folder, model);
    }
    try (Safetensors file = Safetensors.open(folder.resolve("unet").resolve(WEIGHTS))) {
      assertThat(file.names()).contains("conv_in.weight").doesNotContain("router.weight");
    }
  }

  @Test
  void closingFreesEverything() {
    TinyDiffusion.model(ScalarType.Float).close();
    long before = NativeObjects.settledCount();
    StableDiffusion model = TinyDiffusion.model(ScalarType.Float);
    assertThat(Pointer.totalCount()).isGreaterThan(before);
    model.close();
    assertThat(Pointer.totalCount()).isEqualTo(before);
  }

  @Test
  void readsPickledWeights() throws IOException {
    Path folder = writeTiny();
    Path unet = folder.resolve("unet");
    try (PointerScope scope = new PointerScope();
        StableDiffusion written = StableDiffusionFolder.open(folder, ScalarType.Float, "cpu")) {
      Files.delete(unet.resolve(WEIGHTS));
      PickleFiles.save(unet.resolve("diffusion_pytorch_model.bin"), written.unetStore().tensors());
      try (StableDiffusion read = StableDiffusionFolder.open(folder, ScalarType.Float, "cpu")) {
        written
            .unetStore()
            .tensors()
            .forEach(
                (name, tensor) ->
                    assertThat(read.unetStore().tensors().get(name).equal(tensor))
                        .as(name)
                        .isTrue());
      }
    }
  }

  @Test
  void namesTheFileThatIsMissing() throws IOException {
    Path folder = writeTiny();
    Path schedule = folder.resolve("scheduler").resolve("scheduler_config.json");
    Files.delete(schedule);
    assertThatThrownBy(() -> StableDiffusionFolder.open(folder, ScalarType.Float, "cpu"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(schedule.toString());
  }

  @Test
  void refusesWeightsOfAnotherNetwork() throws IOException {
    Path folder = writeTiny();
    Path config = folder.resolve("unet").resolve("config.json");
    write(config, Map.of("cross_attention_dim", 8));
    assertThatThrownBy(() -> StableDiffusionFolder.open(folder, ScalarType.Float, "cpu"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(folder.resolve("unet").resolve(WEIGHTS).toString())
        .hasMessageContaining("attn2.to_k.weight")
        .hasMessageContaining("[4, 6]")
        .hasMessageContaining("[4, 8]");
  }

  @Test
  void refusesWeightsThatTheNetworkHasNoPlaceFor() throws IOException {
    Path folder = writeTiny();
    Path config = folder.resolve("unet").resolve("config.json");
    write(config, Map.of("down_block_types", List.of("DownBlock2D", "DownBlock2D")));
    assertThatThrownBy(() -> StableDiffusionFolder.open(folder, ScalarType.Float, "cpu"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(folder.resolve("unet").resolve(WEIGHTS).toString())
        .hasMessageContaining("down_blocks.0.attentions.0")
        .hasMessageContaining(config.toString());
  }

  @Test
  void refusesAutoencoderAndNetworkThatDoNotFit() {
    VaeConfig wide =
        VaeConfig.parse(
            TinyDiffusion.with(TinyDiffusion.vaeJson(), "latent_channels", 3), "vae/config.json");
    UNetConfig unet = TinyDiffusion.unetConfig();
    NoiseSchedule schedule = NoiseSchedule.stableDiffusion();
    RandomState random = new RandomState(1);
    assertThatThrownBy(
            () -> StableDiffusion.random(unet, wide, schedule, random, ScalarType.Float, "cpu"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContainingAll("reads 2 channels", "have 3");
  }

  private Path writeTiny() {
    Path folder = parent.resolve("sd");
    try (StableDiffusion model = TinyDiffusion.model(ScalarType.Float)) {
      StableDiffusionFolder.write(folder, model);
    }
    return folder;
  }

  private static void write(Path config, Map<String, Object> changes) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    Map<String, Object> json = new TreeMap<>();
    mapper
        .readTree(config.toFile())
        .properties()
        .forEach(field -> json.put(field.getKey(), field.getValue()));
    json.putAll(changes);
    mapper.writeValue(config.toFile(), json);
  }

  @Test
  @Closes(StableDiffusion.class)
  void aClosedModelSaysSo() {
    StableDiffusion model = TinyDiffusion.model(ScalarType.Float);
    Closed.saysSo(
        model,
        model::unet,
        model::vae,
        () -> model.withScalingFactor(2),
        () -> StableDiffusionFolder.write(parent.resolve("closed"), model));
    assertThat(parent.resolve("closed")).doesNotExist();
  }
}
