/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;

/**
 * The files of weights in a folder, under the names that the transformers, diffusers and PEFT
 * libraries give them: one file or an index of shards, possibly of a variant such as {@code fp16}.
 */
final class FolderFiles {
  /** Files of a whole model, in the order of preference. */
  static final List<String> MODEL =
      List.of(
          "model.safetensors",
          "diffusion_pytorch_model.safetensors",
          "pytorch_model.bin",
          "diffusion_pytorch_model.bin");

  /** Files of a PEFT adapter. */
  static final List<String> ADAPTER = List.of("adapter_model.safetensors", "adapter_model.bin");

  private static final String INDEX = ".index.json";

  /** {@code model.fp16.safetensors}, or one of the two names that an index of a variant goes by. */
  private static final Pattern VARIANT =
      Pattern.compile(
          "(model|pytorch_model|diffusion_pytorch_model|adapter_model)"
              + "(\\.([A-Za-z]\\w*)\\.(safetensors|bin)(\\.index\\.json)?"
              + "|\\.(safetensors|bin)\\.index\\.\\w+\\.json)");

  /** What trainers leave beside weights: the state of a run, no weights of a model. */
  private static final Pattern TRAINERS =
      Pattern.compile("(training_args|optimizer|scheduler|scaler|rng_state\\w*)\\.(bin|pt|pth)");

  /** Formats of other programs, which are not read here. */
  private static final Pattern OTHERS = Pattern.compile(".+\\.(h5|msgpack|gguf|onnx|ot)");

  private FolderFiles() {}

  /**
   * The folder's single file of weights, or its index; those of a variant where there is just one.
   *
   * @param wanted {@link #MODEL} or {@link #ADAPTER}
   * @throws DsVlmException if there are several variants and nothing else
   */
  static Optional<Path> find(Path folder, List<String> wanted) {
    Optional<Path> plain =
        wanted.stream()
            .flatMap(name -> Stream.of(folder.resolve(name), folder.resolve(name + INDEX)))
            .filter(Files::exists)
            .findFirst();
    if (plain.isPresent() || !Files.isDirectory(folder)) {
      return plain;
    }
    List<String> variants =
        names(folder).stream()
            .filter(name -> VARIANT.matcher(name).matches())
            .filter(name -> wanted.stream().anyMatch(file -> stem(file).equals(stem(name))))
            .toList();
    List<String> preferred =
        variants.stream().filter(name -> name.contains(".safetensors")).toList();
    List<String> left = preferred.isEmpty() ? variants : preferred;
    if (left.size() > 1) {
      throw new DsVlmException(
          folder
              + ": holds several variants of its weights, "
              + String.join(" and ", left)
              + "; rename the one that is meant to "
              + stem(left.get(0))
              + (preferred.isEmpty() ? ".bin" : ".safetensors")
              + (left.get(0).endsWith(".json") ? INDEX : ""));
    }
    return left.stream().findFirst().map(folder::resolve);
  }

  private static String stem(String name) {
    return name.substring(0, name.indexOf('.'));
  }

  /** Whether {@code file} is an index of shards. */
  static boolean isIndex(Path file) {
    return file.toString().endsWith(".json");
  }

  /** Files of weights in {@code folder} by name, in order, of whichever program. */
  static List<String> weights(Path folder) {
    return names(folder).stream()
        .filter(
            name ->
                name.endsWith(".safetensors")
                    || WeightFile.namesPickle(name)
                    || OTHERS.matcher(name).matches())
        .filter(name -> !TRAINERS.matcher(name).matches())
        .toList();
  }

  private static List<String> names(Path folder) {
    try (Stream<Path> children = Files.list(folder)) {
      return children.map(child -> child.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new DsVlmException(folder + ": cannot be listed: " + AtomicFiles.reason(e), e);
    }
  }
}
