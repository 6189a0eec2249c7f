/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights.files;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.weights.JoinedWeights;
import org.dsvlm.weights.ShardIndex;
import org.dsvlm.weights.WeightSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The weights of a model folder: one file or shards with an {@code .index.json}, under the names
 * that the transformers, diffusers and PEFT libraries give them. Where a folder holds the same
 * weights in safetensors and in PyTorch's own format, the former are read.
 */
public final class WeightFolder {
  private static final Logger LOG = LoggerFactory.getLogger(WeightFolder.class);

  private WeightFolder() {}

  /**
   * Maps every file of the folder's weights and reads their headers. Other files of weights are
   * named in the log, or refused where they would change the model.
   *
   * @throws DsVlmException if there are no weights, a shard is missing or unsound, the index and
   *     the shards disagree, or an adapter lies beside a model's weights
   */
  public static WeightSource open(Path path) {
    Path folder = FilePath.model(path);
    Path found =
        FolderFiles.find(folder, FolderFiles.MODEL)
            .orElseThrow(
                () -> new DsVlmException(folder + ": holds no weights: " + whatIsThere(folder)));
    List<String> unread = unread(folder, found);
    unread.stream()
        .filter(name -> name.startsWith("adapter_model."))
        .findFirst()
        .ifPresent(
            adapter -> {
              throw new DsVlmException(
                  folder.resolve(adapter)
                      + ": an adapter beside the weights of a model, which the transformers library"
                      + " would apply; put it into a folder of its own, with its"
                      + " adapter_config.json, and name that as the adapter");
            });
    WeightSource source = FolderFiles.isIndex(found) ? openShards(found) : WeightFile.open(found);
    sayUnread(folder, found, unread);
    return source;
  }

  /**
   * As above for the weights of a PEFT adapter.
   *
   * @param readElsewhere names of files in the folder that the caller reads
   */
  public static WeightSource openAdapter(Path path, List<String> readElsewhere) {
    Path folder = FilePath.model(path);
    Path found =
        FolderFiles.find(folder, FolderFiles.ADAPTER)
            .orElseThrow(
                () ->
                    new DsVlmException(
                        folder.resolve(FolderFiles.ADAPTER.get(0))
                            + ": no such file, and no "
                            + FolderFiles.ADAPTER.get(1)
                            + " in its place"));
    WeightSource source = FolderFiles.isIndex(found) ? openShards(found) : WeightFile.open(found);
    List<String> unread = new ArrayList<>(unread(folder, found));
    unread.removeAll(readElsewhere);
    sayUnread(folder, found, unread);
    return source;
  }

  private static void sayUnread(Path folder, Path found, List<String> unread) {
    if (!unread.isEmpty()) {
      LOG.warn(
          "{}: {} is read; not used: {}", folder, found.getFileName(), String.join(", ", unread));
    }
  }

  /** Whether {@link #open} would find weights there. */
  public static boolean present(Path folder) {
    return FolderFiles.find(FilePath.model(folder), FolderFiles.MODEL).isPresent();
  }

  /**
   * Files of weights in the folder that are read neither as a model's nor, where it has no model,
   * as an adapter's: the same weights in another format or variant, a shard that the index does not
   * name, weights of something else.
   */
  public static List<String> unread(Path path) {
    Path folder = FilePath.model(path);
    return FolderFiles.find(folder, FolderFiles.MODEL)
        .or(() -> FolderFiles.find(folder, FolderFiles.ADAPTER))
        .map(found -> unread(folder, found))
        .orElse(List.of());
  }

  private static List<String> unread(Path folder, Path found) {
    Set<String> read = new HashSet<>();
    read.add(found.getFileName().toString());
    if (FolderFiles.isIndex(found)) {
      ShardIndex.read(found).values().forEach(f -> read.add(f.getFileName().toString()));
    }
    return FolderFiles.weights(folder).stream().filter(name -> !read.contains(name)).toList();
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
    List<String> others = FolderFiles.weights(folder);
    return "one of "
        + String.join(", ", FolderFiles.MODEL)
        + " or its .index.json is wanted"
        + (others.isEmpty() ? "" : "; there is " + String.join(", ", others));
  }
}
