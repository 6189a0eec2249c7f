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
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.Families;
import org.dsvlm.models.ModelFolder;
import org.dsvlm.models.NetworkFiles;
import org.dsvlm.models.llava.LlavaConfig;
import org.dsvlm.models.llava.LlavaPresets;
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
  private final ModelFolder folder;

  private PublicModelFolder(ModelFolder folder) {
    this.folder = folder;
  }

  /**
   * The folder of a public model.
   *
   * @param name one of {@link PublicModels#names}
   * @throws DsVlmException for a name that is not known
   */
  public static PublicModelFolder of(String name) {
    return new PublicModelFolder(Families.folder(name));
  }

  /**
   * The folder of a LLaVA with another vision tower, as transformers 4.52 and later write it.
   *
   * @param vision one of {@link PublicModels#visionTowers}
   * @throws DsVlmException for a name that is not known
   */
  public static PublicModelFolder llava(String name, String vision) {
    return new PublicModelFolder(LlavaPresets.folder(name, vision));
  }

  static PublicModelFolder llava(
      LlavaConfig config, ObjectNode generation, ObjectNode preprocessor) {
    return new PublicModelFolder(LlavaPresets.folder(config, generation, preprocessor));
  }

  /**
   * Shape of each tensor by its name, after the subfolder and a slash where the model has several
   * networks: {@code unet/conv_in.weight}.
   */
  public Map<String, long[]> shapes() {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    for (NetworkFiles network : folder.networks()) {
      String prefix = network.folder().isEmpty() ? "" : network.folder() + "/";
      network.shapes().forEach((name, shape) -> shapes.put(prefix + name, shape));
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
   * @param target a path where nothing is yet
   * @param random gives the same numbers as a model built in memory from it
   * @param dtype to store the weights in
   * @param shardBytes most bytes of tensors in one file
   * @throws DsVlmException if something is there, the disk has no room, or it cannot be written
   */
  public void writeRandom(Path target, RandomState random, ScalarType dtype, long shardBytes) {
    requireNothing(target);
    requireRoom(target, parameters() * DTypes.bytes(dtype));
    AtomicFiles.folder(target, path -> fill(path, random, dtype, shardBytes));
  }

  private void fill(Path target, RandomState random, ScalarType dtype, long shardBytes)
      throws IOException {
    for (Map.Entry<String, ObjectNode> file : folder.files().entrySet()) {
      ObjectNode json = file.getValue().deepCopy();
      if (folder.namesType() && file.getKey().equals(ModelFolder.CONFIG)) {
        json.put("dtype", DTypes.name(dtype));
      }
      Path path = target.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.writeString(path, json.toPrettyString() + "\n");
    }
    for (NetworkFiles network : folder.networks()) {
      try (WeightSource weights = network.randomWeights(random, dtype)) {
        SafetensorsWriter.writeFolder(
            target.resolve(network.folder()), network.stem(), weights, shardBytes);
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
      existing = Objects.requireNonNull(existing.getParent(), "the root exists");
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
