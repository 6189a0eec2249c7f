/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The weights of a model folder: one file, {@code model.safetensors} (transformers) or {@code
 * diffusion_pytorch_model.safetensors} (diffusers), or shards with an {@code .index.json}.
 */
public final class SafetensorsFolder implements WeightSource {
  private static final List<String> STEMS = List.of("model", "diffusion_pytorch_model");

  private final Path folder;
  private final Map<Path, Safetensors> shards = new LinkedHashMap<>();
  private final Map<String, Safetensors> shardOfTensor = new LinkedHashMap<>();

  private SafetensorsFolder(Path folder) {
    this.folder = folder;
  }

  /**
   * Maps every file of the folder's weights and reads their headers.
   *
   * @throws DsVlmException if there are none, a shard is missing or unsound, or the index and the
   *     shards disagree
   */
  public static SafetensorsFolder open(Path folder) {
    SafetensorsFolder result = new SafetensorsFolder(folder);
    try {
      for (String stem : STEMS) {
        Path single = folder.resolve(stem + ".safetensors");
        Path index = folder.resolve(stem + ".safetensors.index.json");
        if (Files.exists(single)) {
          result.addSingle(single);
          return result;
        }
        if (Files.exists(index)) {
          result.addShards(index);
          return result;
        }
      }
      throw new DsVlmException(folder + ": holds no weights: " + result.whatIsThere());
    } catch (RuntimeException e) {
      result.close();
      throw e;
    }
  }

  /** Whether {@link #open} would find weights there. */
  public static boolean present(Path folder) {
    return STEMS.stream()
        .anyMatch(
            stem ->
                Files.exists(folder.resolve(stem + ".safetensors"))
                    || Files.exists(folder.resolve(stem + ".safetensors.index.json")));
  }

  private void addSingle(Path file) {
    Safetensors single = shard(file);
    single.names().forEach(name -> shardOfTensor.put(name, single));
  }

  private void addShards(Path index) {
    ShardIndex.read(index)
        .forEach(
            (name, file) -> {
              Safetensors shard = shard(file);
              if (!shard.names().contains(name)) {
                throw new DsVlmException(
                    index
                        + ": weight_map says that '"
                        + name
                        + "' is in "
                        + file.getFileName()
                        + ", but it is not; fetch index and shards from one place");
              }
              shardOfTensor.put(name, shard);
            });
    shards.forEach(
        (file, shard) -> {
          for (String name : shard.names()) {
            if (shardOfTensor.get(name) != shard) {
              throw new DsVlmException(
                  file
                      + ": holds '"
                      + name
                      + "', which "
                      + index.getFileName()
                      + (shardOfTensor.containsKey(name) ? " places in another shard" : " lacks")
                      + "; fetch index and shards from one place");
            }
          }
        });
  }

  private Safetensors shard(Path file) {
    return shards.computeIfAbsent(file, Safetensors::open);
  }

  private String whatIsThere() {
    if (!Files.isDirectory(folder)) {
      return "there is no such folder";
    }
    List<String> pickles = new ArrayList<>();
    try (Stream<Path> children = Files.list(folder)) {
      children
          .map(child -> child.getFileName().toString())
          .filter(name -> name.endsWith(".bin") || name.endsWith(".pth") || name.endsWith(".pt"))
          .sorted()
          .forEach(pickles::add);
    } catch (IOException e) {
      return "it cannot be listed: " + e.getMessage();
    }
    String wanted =
        "one of "
            + String.join(", ", STEMS.stream().map(stem -> stem + ".safetensors").toList())
            + " or their .index.json is wanted";
    return pickles.isEmpty()
        ? wanted
        : wanted + "; convert " + String.join(", ", pickles) + " to safetensors";
  }

  /** The files that hold the weights. */
  public Set<Path> files() {
    return Collections.unmodifiableSet(shards.keySet());
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(shardOfTensor.keySet());
  }

  @Override
  public long[] shape(String name) {
    return holder(name).shape(name);
  }

  @Override
  public ScalarType dtype(String name) {
    return holder(name).dtype(name);
  }

  @Override
  public Tensor read(String name) {
    return holder(name).read(name);
  }

  @Override
  public String where(String name) {
    Safetensors holder = shardOfTensor.get(name);
    return holder == null ? folder.toString() : holder.where(name);
  }

  private Safetensors holder(String name) {
    Safetensors holder = shardOfTensor.get(name);
    if (holder == null) {
      throw new DsVlmException(folder + ": no tensor '" + name + "'");
    }
    return holder;
  }

  @Override
  public void close() {
    shards.values().forEach(Safetensors::close);
  }
}
