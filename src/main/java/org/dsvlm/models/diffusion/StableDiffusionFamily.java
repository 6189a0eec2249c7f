/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.ModelFamily;
import org.dsvlm.models.ModelFolder;
import org.dsvlm.models.NetworkFiles;
import org.dsvlm.models.Preset;
import org.dsvlm.nn.Parameters;

/**
 * Stable Diffusion 1.x and 2.x as a whole: a {@link UNetFamily} and a {@link VaeFamily} in folders
 * of their own, and a noise schedule. Its {@link #toJson} has one key for each.
 */
public record StableDiffusionFamily() implements ModelFamily<StableDiffusionConfig> {
  static final String NAME = "Stable Diffusion";

  private static final String SCHEDULER = "scheduler";

  @Override
  public Set<String> modelTypes() {
    return Set.of(StableDiffusionFolder.CLASS_NAME);
  }

  @Override
  public Class<StableDiffusionConfig> configType() {
    return StableDiffusionConfig.class;
  }

  @Override
  public StableDiffusionConfig parse(JsonConfig json) {
    return new StableDiffusionConfig(
        UNetConfig.parse(json.child(StableDiffusionFolder.UNET).json(), json.where()),
        VaeConfig.parse(json.child(StableDiffusionFolder.VAE).json(), json.where()),
        NoiseSchedule.parse(json.child(SCHEDULER).json(), json.where()));
  }

  @Override
  public StableDiffusionConfig configOf(Preset preset) {
    return parse(preset.facts());
  }

  @Override
  public ObjectNode toJson(StableDiffusionConfig config) {
    ObjectNode json = config.schedule().toJson().objectNode();
    json.set(StableDiffusionFolder.UNET, config.unet().toJson());
    json.set(StableDiffusionFolder.VAE, config.vae().toJson());
    json.set(SCHEDULER, config.schedule().toJson());
    return json;
  }

  /** Both networks, below the names of their folders. */
  @Override
  public Consumer<Parameters> module(StableDiffusionConfig config) {
    return root -> {
      new UNet(root.at(StableDiffusionFolder.UNET), config.unet());
      new Vae(root.at(StableDiffusionFolder.VAE), config.vae());
    };
  }

  @Override
  public String describe(StableDiffusionConfig config) {
    return NAME;
  }

  @Override
  public String partOf(String name) {
    return name.split("\\.")[0];
  }

  @Override
  public List<Preset> presets() {
    return List.of(new Preset("stable-diffusion-1.5", StableDiffusionFamily.class));
  }

  @Override
  public ModelFolder folderOf(Preset preset) {
    StableDiffusionConfig config = configOf(preset);
    return new ModelFolder(
        StableDiffusionFolder.configurations(config.unet(), config.vae(), config.schedule()),
        List.of(
            network(StableDiffusionFolder.UNET, root -> new UNet(root, config.unet())),
            network(StableDiffusionFolder.VAE, root -> new Vae(root, config.vae()))),
        false);
  }

  private static NetworkFiles network(String folder, Consumer<Parameters> network) {
    return new NetworkFiles(folder, StableDiffusionFolder.STEM, network, UnaryOperator.identity());
  }
}
