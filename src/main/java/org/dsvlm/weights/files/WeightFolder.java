/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.weights.JoinedWeights;
import org.dsvlm.weights.ShardIndex;
import org.dsvlm.weights.WeightSource;

/**
 * The weights of a model folder: one file or shards with an {@code .index.json}, under the names
 * that the transformers, diffusers and PEFT libraries give them. Where a folder holds the same
 * weights in safetensors and in PyTorch's own format, the former are read.
 */
public final class WeightFolder {
  /** Single files in the order of preference; each may be an index ({@code .index.json}) too. */
  private static final List<String> FILES =
      List.of(
          "model.safetensors",
          "diffusion_pytorch_model.safetensors",
          "adapter_model.safetensors",
          "pytorch_model.bin",
          "diffusion_pytorch_model.bin",
          "adapter_model.bin");

  private static final String INDEX = ".index.json";

  private WeightFolder() {}

  /**
   * Maps every file of the folder's weights and reads their headers.
   *
   * @throws DsVlmException if there are none, a shard is missing or unsound, or the index and the
   *     shards disagree
   */
  public static WeightSource open(Path folder) {
    Path found =
        find(folder)
            .orElseThrow(
                () -> new DsVlmException(folder + ": holds no weights: " + whatIsThere(folder)));
    return found.toString().endsWith(INDEX) ? openShards(found) : WeightFile.open(found);
  }

  /** Whether {@link #open} would find weights there. */
  public static boolean present(Path folder) {
    return find(folder).isPresent();
  }

  /** The folder's single file of weights, or its index. */
  private static Optional<Path> find(Path folder) {
    return FILES.stream()
        .flatMap(file -> Stream.of(folder.resolve(file), folder.resolve(file + INDEX)))
        .filter(Files::exists)
        .findFirst();
  }

  private static WeightSource openShards(Path index) {
    Map<String, Path> shardOfTensor = ShardIndex.read(index);
    Map<Path, WeightSource> shards = new LinkedHashMap<>();
    try {
      shardOfTensor.values().forEach(file -> shards.computeIfAbsent(file, WeightFile::open));
      checkAgainstShards(index, shardOfTensor, shards);
      return new JoinedWeights(String.valueOf(index.getParent()), List.copyOf(shards.values()));
    } catch (RuntimeException e) {
      shards.values().forEach(WeightSource::close);
      throw e;
    }
  }

  private static void checkAgainstShards(
      Path index, Map<String, Path> shardOfTensor, Map<Path, WeightSource> shards) {
    shardOfTensor.forEach(
        (name, file) -> {
          if (!Objects.requireNonNull(shards.get(file)).names().contains(name)) {
            throw new DsVlmException(
                index
                    + ": weight_map says that '"
                    + name
                    + "' is in "
                    + file.getFileName()
                    + ", but it is not; fetch index and shards from one place");
          }
        });
    shards.forEach(
        (file, shard) -> {
          for (String name : shard.names()) {
            if (!file.equals(shardOfTensor.get(name))) {
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

  private static String whatIsThere(Path folder) {
    if (!Files.isDirectory(folder)) {
      return "there is no such folder";
    }
    try (Stream<Path> children = Files.list(folder)) {
      String others =
          children
              .map(child -> child.getFileName().toString())
              .filter(name -> name.endsWith(".safetensors") || WeightFile.namesPickle(name))
              .sorted()
              .collect(Collectors.joining(", "));
      return "one of "
          + String.join(", ", FILES)
          + " or its .index.json is wanted"
          + (others.isEmpty() ? "" : "; there is " + others);
    } catch (IOException e) {
      return "it cannot be listed: " + AtomicFiles.reason(e);
    }
  }
}
