/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.dsvlm.io.FilePath;
import org.dsvlm.models.llava.LlavaLayouts;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.supervision.MultiAdapterFile;
import org.dsvlm.tensor.Torch;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFile;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Parts of a model that start from files of their own ({@code model.start} of a recipe). */
final class StartValues {
  private static final String CONNECTOR = "multi_modal_projector.";

  /** Of a connector with more layers, or of another kind. */
  private static final String OTHER_CONNECTOR = "model.mm_projector.";

  /** Before the names of a model that PEFT has wrapped. */
  private static final String WRAPPED = "base_model.model.";

  private static final Logger LOG = LoggerFactory.getLogger(StartValues.class);

  private StartValues() {}

  /**
   * Copies what the recipe names into {@code llava}.
   *
   * @throws DsVlmException if a file lacks a tensor of the connector, holds one that the model has
   *     no place for, or one of another shape, naming file and tensor
   */
  static void into(ParameterStore llava, Recipe.Start start) {
    if (!start.connector().isEmpty()) {
      Path file = FilePath.of("recipe: model.start.connector", start.connector());
      List<String> wanted =
          llava.tensors().keySet().stream().filter(name -> name.startsWith(CONNECTOR)).toList();
      try (WeightSource stored = WeightFile.open(file)) {
        Map<String, String> names =
            names(stored, name -> name.startsWith(CONNECTOR) || name.startsWith(OTHER_CONNECTOR));
        List<String> unused =
            stored.names().stream().filter(name -> !names.containsValue(name)).toList();
        if (!unused.isEmpty()) {
          LOG.warn("{}: not used: {}", file, Excerpt.of(String.join(", ", unused)));
        }
        for (String name : wanted) {
          if (!names.containsKey(name)) {
            throw new DsVlmException(
                file
                    + ": lacks "
                    + LlavaLayouts.original(name)
                    + ", so it holds no whole connector; leave model.start.connector empty, or name"
                    + " an mm_projector.bin");
          }
        }
        copy(file, stored, names, llava);
      }
    }
    if (!start.nonLoraTrainables().isEmpty()) {
      Path file = FilePath.of("recipe: model.start.non_lora_trainables", start.nonLoraTrainables());
      try (WeightSource stored = WeightFile.open(file)) {
        copy(file, stored, names(stored, name -> true), llava);
      }
    }
  }

  /** Stored names by ours, of those that are wanted. */
  private static Map<String, String> names(WeightSource stored, Predicate<String> wanted) {
    Map<String, String> names = new TreeMap<>();
    for (String name : stored.names()) {
      String bare = name.startsWith(WRAPPED) ? name.substring(WRAPPED.length()) : name;
      String own = LlavaLayouts.name(bare.startsWith("mm_projector.") ? "model." + bare : bare);
      if (own != null && wanted.test(own)) {
        names.put(own, name);
      }
    }
    return names;
  }

  private static void copy(
      Path file, WeightSource stored, Map<String, String> names, ParameterStore into) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      names.forEach(
          (own, name) -> {
            Tensor parameter = into.tensors().get(own);
            if (parameter == null) {
              throw new DsVlmException(file + ": the model has no place for " + name);
            }
            Tensor value = stored.read(name);
            if (!Arrays.equals(Torch.shape(value), Torch.shape(parameter))) {
              throw new DsVlmException(
                  file
                      + ": "
                      + name
                      + " is "
                      + Arrays.toString(Torch.shape(value))
                      + ", but the model's is "
                      + Arrays.toString(Torch.shape(parameter)));
            }
            parameter.copy_(value);
          });
    }
  }

  /** The file that the supervision's own parameters start from; null if they are drawn. */
  static @Nullable WeightSource multiAdapter(Recipe recipe) {
    String file = recipe.model().start().multiAdapter();
    if (file.isEmpty()) {
      passedOver(recipe)
          .ifPresent(
              other ->
                  LOG.warn(
                      "adapters, experts and routers are drawn at random, not those of {}; to go on"
                          + " with them, set model.start.multi_adapter to that file",
                      other));
      return null;
    }
    return MultiAdapterFile.open(FilePath.of("recipe: model.start.multi_adapter", file));
  }

  /**
   * Whether {@code start} holds adapters and nothing else: adapters that it lacks, experts and
   * routers start then as they do without a file, which the log says. Of any other file all is
   * demanded.
   */
  static boolean holdsAdaptersAlone(Recipe recipe, WeightSource start) {
    boolean alone = start.names().stream().allMatch(MultiAdapterFile::isOfAdapter);
    if (alone) {
      LOG.info(
          "{}: holds {}; other adapters, experts and routers start anew",
          recipe.model().start().multiAdapter(),
          String.join(", ", new TreeSet<>(start.names())));
    }
    return alone;
  }

  /** The file of an earlier run, of which the recipe names other parts but not this one. */
  static Optional<Path> passedOver(Recipe recipe) {
    Map<String, String> named = new LinkedHashMap<>();
    named.put("model.stable_diffusion.path", recipe.model().stableDiffusion().path());
    named.put("model.llava", recipe.model().llava());
    return named.entrySet().stream()
        .filter(part -> !part.getValue().isEmpty())
        .map(part -> FilePath.of("recipe: " + part.getKey(), part.getValue()).toAbsolutePath())
        .map(part -> part.resolveSibling(MultiAdapterFile.NAME))
        .filter(Files::isRegularFile)
        .findFirst();
  }

  /**
   * Makes sure that {@code parameters}, on which the supervision has been built, took all of the
   * recipe's file.
   */
  static void requireWholeMultiAdapter(Recipe recipe, ParameterStore parameters) {
    List<String> surplus = parameters.surplus();
    if (!surplus.isEmpty()) {
      throw new DsVlmException(
          recipe.model().start().multiAdapter()
              + ": holds "
              + surplus.get(0)
              + ", which this recipe's supervision has no place for; set supervision.features,"
              + " adapter and attention as in the run that wrote the file");
    }
  }
}
