/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.nn.UnusedTensors;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFolder;
import org.dsvlm.weights.safetensors.SafetensorsWriter;

/**
 * The folder that diffusers keeps a Stable Diffusion in: {@code model_index.json}, {@code unet/},
 * {@code vae/} and {@code scheduler/}. Text encoder and tokenizer are neither read nor written:
 * conditioning comes from the vision encoder here.
 */
public final class StableDiffusionFolder {
  /** Subfolder of the denoising network. */
  public static final String UNET = "unet";

  /** Subfolder of the autoencoder. */
  public static final String VAE = "vae";

  /** The weight files' name without its extension. */
  public static final String STEM = "diffusion_pytorch_model";

  static final String CLASS_NAME = "StableDiffusionPipeline";

  private static final String SCHEDULER = "scheduler";

  /** The scheduler's file within the folder. */
  public static final String SCHEDULER_CONFIG = SCHEDULER + "/scheduler_config.json";

  /** The index of the folder's parts. */
  public static final String INDEX = "model_index.json";

  private static final String CONFIG = "config.json";

  /** Parts that a pipeline's index names and this folder lacks. */
  private static final List<String> ABSENT_PARTS =
      List.of("feature_extractor", "safety_checker", "text_encoder", "tokenizer");

  /** Most bytes in one file of weights, as diffusers splits them. */
  private static final long SHARD_BYTES = 10_000_000_000L;

  private StableDiffusionFolder() {}

  /**
   * Reads the model, its parameters converted to {@code dtype} on {@code device}. The folder is not
   * written to, and no file of it stays open.
   *
   * @throws DsVlmException naming the file, and the key or tensor, that is missing, does not fit,
   *     or is left over
   */
  public static StableDiffusion open(Path path, ScalarType dtype, String device) {
    Path folder = FilePath.model(path);
    Path unetFolder = folder.resolve(UNET);
    Path vaeFolder = folder.resolve(VAE);
    Path unetFile = unetFolder.resolve(CONFIG);
    Path vaeFile = vaeFolder.resolve(CONFIG);
    Path scheduleFile = folder.resolve(SCHEDULER_CONFIG);
    UNetConfig unetConfig = UNetConfig.parse(json(unetFile), unetFile.toString());
    VaeConfig vaeConfig = VaeConfig.parse(json(vaeFile), vaeFile.toString());
    NoiseSchedule schedule = NoiseSchedule.parse(json(scheduleFile), scheduleFile.toString());
    try (WeightSource unetWeights = WeightFolder.open(unetFolder);
        WeightSource vaeWeights = new VaeWeights(WeightFolder.open(vaeFolder))) {
      StableDiffusion model =
          StableDiffusion.of(
              unetConfig,
              ParameterStore.from(unetWeights, dtype, device),
              vaeConfig,
              ParameterStore.from(vaeWeights, dtype, device),
              schedule);
      try {
        UnusedTensors.check(model.unetStore(), unetFile.toString(), name -> true);
        UnusedTensors.check(model.vaeStore(), vaeFile.toString(), name -> true);
      } catch (DsVlmException e) {
        model.close();
        throw e;
      }
      return model;
    }
  }

  private static JsonNode json(Path file) {
    return JsonConfig.read(file).json();
  }

  /**
   * Writes {@code model} as {@code folder}, which appears whole or not at all; an older one is
   * replaced.
   *
   * @throws DsVlmException if it cannot be written
   */
  public static void write(Path folder, StableDiffusion model) {
    AtomicFiles.folder(
        folder,
        path -> {
          for (var file :
              configurations(model.unet().config(), model.vae().config(), model.schedule())
                  .entrySet()) {
            writeJson(path.resolve(file.getKey()), file.getValue());
          }
          writePart(path.resolve(UNET), model.unetTensors());
          writePart(path.resolve(VAE), model.vaeTensors());
        });
  }

  /** The folder's files beside its weights, by path. */
  public static Map<String, ObjectNode> configurations(
      UNetConfig unet, VaeConfig vae, NoiseSchedule schedule) {
    ObjectNode scheduler = schedule.toJson();
    Map<String, ObjectNode> files = new LinkedHashMap<>();
    files.put(INDEX, index(scheduler));
    files.put(SCHEDULER_CONFIG, scheduler);
    files.put(UNET + "/" + CONFIG, unet.toJson());
    files.put(VAE + "/" + CONFIG, vae.toJson());
    return files;
  }

  private static void writePart(Path folder, Map<String, Tensor> tensors) {
    SafetensorsWriter.writeFolder(folder, STEM, tensors, SHARD_BYTES);
  }

  private static void writeJson(Path file, ObjectNode json) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, json.toPrettyString() + "\n");
  }

  private static ObjectNode index(ObjectNode scheduler) {
    ObjectNode index = JsonNodeFactory.instance.objectNode();
    index.put("_class_name", CLASS_NAME);
    ABSENT_PARTS.forEach(part -> index.putArray(part).addNull().addNull());
    index
        .putArray(SCHEDULER)
        .add("diffusers")
        .add(scheduler.path("_class_name").asText("DDIMScheduler"));
    index.putArray(UNET).add("diffusers").add(UNetConfig.CLASS_NAME);
    index.putArray(VAE).add("diffusers").add(VaeConfig.CLASS_NAME);
    return index;
  }
}
