/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.catalogue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.diffusion.NoiseSchedule;
import org.dsvlm.models.diffusion.StableDiffusionFolder;
import org.dsvlm.models.diffusion.UNet;
import org.dsvlm.models.diffusion.UNetConfig;
import org.dsvlm.models.diffusion.Vae;
import org.dsvlm.models.diffusion.VaeConfig;
import org.dsvlm.models.llama.CausalLm;
import org.dsvlm.models.llama.LlamaConfig;
import org.dsvlm.models.llava.Llava;
import org.dsvlm.models.llava.LlavaConfig;
import org.dsvlm.models.llava.LlavaLayouts;
import org.dsvlm.models.llava.ModelFiles;
import org.dsvlm.models.vit.VisionConfig;
import org.dsvlm.models.vit.VisionFamily;
import org.dsvlm.nn.ParameterShapes;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.safetensors.SafetensorsWriter;

/**
 * The folder that a public model comes in, without the model: its configuration files, the names
 * and shapes of its tensors, and random numbers for them. It holds no tokenizer, whose words are
 * learnt as the weights are.
 */
public final class PublicModelFolder {
  private static final String MODEL = "model";
  private static final String CONFIG = "config.json";

  private final Map<String, ObjectNode> files = new LinkedHashMap<>();
  private final List<ModelPart> parts;

  /** Whether the configuration names the type of the weights, as transformers' do. */
  private final boolean namesType;

  private PublicModelFolder(
      Map<String, ObjectNode> files, boolean namesType, List<ModelPart> parts) {
    this.files.putAll(files);
    this.namesType = namesType;
    this.parts = parts;
  }

  /**
   * The folder of a public model.
   *
   * @param name one of {@link PublicModels#names}
   * @throws DsVlmException for a name that is not known
   */
  public static PublicModelFolder of(String name) {
    if (!PublicModels.names().contains(name)) {
      throw new DsVlmException("no public model '" + name + "'; known are " + PublicModels.names());
    }
    if (PublicModels.llavas().contains(name)) {
      return llava(name, PublicModels.visionOf(name));
    }
    if (PublicModels.languageModels().contains(name)) {
      return language(name);
    }
    if (PublicModels.visionTowers().contains(name)) {
      return vision(name);
    }
    return diffusion(name);
  }

  /**
   * The folder of a LLaVA with another vision tower, as transformers 4.52 and later write it.
   *
   * @param vision one of {@link PublicModels#visionTowers}
   * @throws DsVlmException for a name that is not known
   */
  public static PublicModelFolder llava(String name, String vision) {
    return llava(
        PublicModels.llava(name, vision),
        PublicModels.generation(name),
        PublicModels.preprocessor(vision));
  }

  static PublicModelFolder llava(
      LlavaConfig config, ObjectNode generation, ObjectNode preprocessor) {
    Map<String, ObjectNode> files = new LinkedHashMap<>();
    files.put(CONFIG, config.toJson());
    files.put("generation_config.json", generation);
    files.put("preprocessor_config.json", preprocessor);
    files.put("processor_config.json", ModelFiles.processor(config));
    return new PublicModelFolder(
        files,
        true,
        List.of(new ModelPart("", MODEL, root -> new Llava(root, config), LlavaLayouts::newest)));
  }

  private static PublicModelFolder language(String name) {
    LlamaConfig config = PublicModels.language(name);
    return new PublicModelFolder(
        Map.of(CONFIG, config.toJson(), "generation_config.json", PublicModels.generation(name)),
        true,
        List.of(
            new ModelPart(
                "", MODEL, root -> new CausalLm(root, config), UnaryOperator.identity())));
  }

  private static PublicModelFolder vision(String name) {
    VisionConfig config = PublicModels.vision(name);
    ObjectNode json = config.toJson();
    json.putArray("architectures")
        .add(config.family() == VisionFamily.CLIP ? "CLIPVisionModel" : "SiglipVisionModel");
    return new PublicModelFolder(
        Map.of(CONFIG, json, "preprocessor_config.json", PublicModels.preprocessor(name)),
        true,
        List.of(
            new ModelPart(
                "",
                MODEL,
                root -> config.tower(root.at("vision_model")),
                UnaryOperator.identity())));
  }

  private static PublicModelFolder diffusion(String name) {
    UNetConfig unet = PublicModels.unet(name);
    VaeConfig vae = PublicModels.vae(name);
    NoiseSchedule schedule = PublicModels.schedule(name);
    return new PublicModelFolder(
        StableDiffusionFolder.configurations(unet, vae, schedule),
        false,
        List.of(
            new ModelPart(
                StableDiffusionFolder.UNET,
                StableDiffusionFolder.STEM,
                root -> new UNet(root, unet),
                UnaryOperator.identity()),
            new ModelPart(
                StableDiffusionFolder.VAE,
                StableDiffusionFolder.STEM,
                root -> new Vae(root, vae),
                UnaryOperator.identity())));
  }

  /**
   * Shape of each tensor by its name, after the subfolder and a slash where the model has several
   * networks: {@code unet/conv_in.weight}.
   */
  public Map<String, long[]> shapes() {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    for (ModelPart part : parts) {
      String prefix = part.folder().isEmpty() ? "" : part.folder() + "/";
      part.shapes().forEach((name, shape) -> shapes.put(prefix + name, shape));
    }
    return Collections.unmodifiableMap(shapes);
  }

  /** Number of parameters. */
  public long parameters() {
    return shapes().values().stream().mapToLong(ParameterShapes::elements).sum();
  }

  /**
   * Writes the folder, whole or not at all, with random weights. One tensor is in memory at a time.
   *
   * @param folder a path where nothing is yet
   * @param random gives the same numbers as a model built in memory from it
   * @param dtype to store the weights in
   * @param shardBytes most bytes of tensors in one file
   * @throws DsVlmException if something is there, the disk has no room, or it cannot be written
   */
  public void writeRandom(Path folder, RandomState random, ScalarType dtype, long shardBytes) {
    requireNothing(folder);
    requireRoom(folder, parameters() * DTypes.bytes(dtype));
    AtomicFiles.folder(folder, target -> fill(target, random, dtype, shardBytes));
  }

  private void fill(Path target, RandomState random, ScalarType dtype, long shardBytes)
      throws IOException {
    for (Map.Entry<String, ObjectNode> file : files.entrySet()) {
      ObjectNode json = file.getValue().deepCopy();
      if (namesType && file.getKey().equals(CONFIG)) {
        json.put("dtype", DTypes.name(dtype));
      }
      Path path = target.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.writeString(path, json.toPrettyString() + "\n");
    }
    for (ModelPart part : parts) {
      try (WeightSource weights = part.randomWeights(random, dtype)) {
        SafetensorsWriter.writeFolder(
            target.resolve(part.folder()), part.stem(), weights, shardBytes);
      }
    }
  }

  private static void requireNothing(Path folder) {
    if (Files.exists(folder)) {
      throw new DsVlmException(
          folder + ": is there already; choose another place, or remove it first");
    }
  }

  private static void requireRoom(Path folder, long needed) {
    Path existing = folder.toAbsolutePath();
    while (!Files.exists(existing)) {
      existing = existing.getParent();
    }
    try {
      long free = Files.getFileStore(existing).getUsableSpace();
      if (free < needed) {
        throw new DsVlmException(
            folder
                + ": the weights take "
                + needed
                + " bytes, but "
                + free
                + " are free there; free some, or choose a smaller type");
      }
    } catch (IOException e) {
      throw new DsVlmException(folder + ": cannot be written: " + e.getMessage(), e);
    }
  }
}
