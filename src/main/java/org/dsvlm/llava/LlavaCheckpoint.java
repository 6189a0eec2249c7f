/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.llava;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.DsVlmException;
import org.dsvlm.tensor.JoinedWeights;
import org.dsvlm.tensor.JsonConfig;
import org.dsvlm.tensor.RenamedWeights;
import org.dsvlm.tensor.WeightFolder;
import org.dsvlm.tensor.WeightSource;
import org.dsvlm.vision.VisionConfig;
import org.dsvlm.vision.VisionLayouts;

/** A LLaVA read from a folder, in any of its layouts (see {@link LlavaLayouts}). */
public final class LlavaCheckpoint implements AutoCloseable {
  private final LlavaConfig config;
  private final ParameterStore parameters;
  private final Llava model;

  private LlavaCheckpoint(LlavaConfig config, ParameterStore parameters) {
    this.config = config;
    this.parameters = parameters;
    this.model = new Llava(parameters.root(), config);
  }

  /**
   * Reads the model in {@code folder}. A vision tower that lies elsewhere is looked for where
   * {@code mm_vision_tower} says, in {@code folder} or by its whole path.
   *
   * @param dtype of the parameters, whatever the files hold
   * @param device "cpu", "cuda", …
   * @throws DsVlmException if a file is missing or unsound, or config and weights disagree, naming
   *     file and key
   */
  public static LlavaCheckpoint open(Path folder, ScalarType dtype, String device) {
    JsonConfig json = JsonConfig.read(folder.resolve("config.json"));
    if (!OriginalLlavaConfig.matches(json)) {
      LlavaConfig config = LlavaConfig.parse(json.json(), json.where());
      return read(config, LlavaLayouts.read(WeightFolder.open(folder)), dtype, device);
    }
    Path visionFolder = folder.resolve(json.text("mm_vision_tower"));
    if (!Files.isRegularFile(visionFolder.resolve("config.json"))) {
      throw json.error(
          "mm_vision_tower",
          "is '"
              + json.text("mm_vision_tower")
              + "', but "
              + visionFolder
              + " holds no config.json; fetch the tower and let the key name its folder");
    }
    VisionConfig vision = VisionConfig.read(visionFolder.resolve("config.json"));
    LlavaConfig config = OriginalLlavaConfig.parse(json, vision);
    return read(config, withVision(folder, visionFolder), dtype, device);
  }

  /** The original files hold the vision tower only if it was trained. */
  private static WeightSource withVision(Path folder, Path visionFolder) {
    WeightSource own = LlavaLayouts.read(WeightFolder.open(folder));
    if (own.names().stream().anyMatch(name -> name.startsWith("vision_tower."))) {
      return own;
    }
    WeightSource tower = WeightFolder.open(visionFolder);
    UnaryOperator<String> renaming = VisionLayouts.renaming(tower.names(), visionFolder.toString());
    WeightSource vision =
        new RenamedWeights(
            tower,
            name -> {
              String visionName = renaming.apply(name);
              return visionName == null ? null : "vision_tower." + visionName;
            });
    return new JoinedWeights(folder.toString(), List.of(own, vision));
  }

  private static LlavaCheckpoint read(
      LlavaConfig config, WeightSource weights, ScalarType dtype, String device) {
    ParameterStore parameters = ParameterStore.from(weights, dtype, device);
    try (weights) {
      return new LlavaCheckpoint(config, parameters);
    } catch (RuntimeException e) {
      parameters.close();
      throw e;
    }
  }

  public LlavaConfig config() {
    return config;
  }

  /** The model; its parameters live until {@link #close}. */
  public Llava model() {
    return model;
  }

  /** The parameters, by the names of {@link Llava}. */
  public ParameterStore parameters() {
    return parameters;
  }

  /** Tensors of the files that the model has no use for. */
  public List<String> surplus() {
    return parameters.surplus();
  }

  @Override
  public void close() {
    parameters.close();
  }
}
