/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.OpenState;
import org.dsvlm.nn.ParameterShapes;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.nn.UnusedTensors;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.weights.WeightSource;
import org.jspecify.annotations.Nullable;

/** A LLaVA read from a folder, in any of its layouts (see {@link LlavaLayouts}). */
public final class LoadedLlava implements AutoCloseable {
  private final LlavaConfig config;
  private final ParameterStore parameters;
  private final Llava model;
  private final OpenState open = new OpenState("the model");

  private LoadedLlava(LlavaConfig config, ParameterStore parameters) {
    this.config = config;
    this.parameters = parameters;
    this.model = new Llava(parameters.root(), config);
  }

  /**
   * Reads the model in {@code folder}. A vision tower that lies elsewhere is looked for where
   * {@code mm_vision_tower} says, in {@code folder} or by its whole path.
   *
   * @param dtype of the parameters, whatever the files hold; null for the type that most of them
   *     are stored in
   * @param device "cpu", "cuda", …
   * @throws org.dsvlm.io.DsVlmException if a file is missing or unsound, or config and weights
   *     disagree, naming file and key
   */
  public static LoadedLlava open(Path folder, @Nullable ScalarType dtype, String device) {
    return open(folder, weights -> ParameterStore.from(weights, typeOf(weights, dtype), device));
  }

  /**
   * As {@link #open}, for a model that is only used, not trained: weights that the files hold in
   * {@code dtype} are not copied once more, and those of mapped files stay mapped (see {@link
   * ParameterStore#mapped}).
   */
  public static LoadedLlava openMapped(Path folder, @Nullable ScalarType dtype, String device) {
    return open(folder, weights -> ParameterStore.mapped(weights, typeOf(weights, dtype), device));
  }

  /** Without a wish, what is stored in half the size is not made twice as large to be used. */
  private static ScalarType typeOf(WeightSource weights, @Nullable ScalarType wanted) {
    if (wanted != null) {
      return wanted;
    }
    Map<ScalarType, Long> elements = new LinkedHashMap<>();
    for (String name : weights.names()) {
      elements.merge(weights.dtype(name), ParameterShapes.elements(weights.shape(name)), Long::sum);
    }
    ScalarType most =
        elements.entrySet().stream()
            .max(Map.Entry.comparingByValue())
            .map(Map.Entry::getKey)
            .orElse(ScalarType.Float);
    if (!DTypes.isComputed(most)) {
      String first = weights.names().iterator().next();
      throw new DsVlmException(
          weights.where(first)
              + ": most weights are "
              + DTypes.name(most)
              + ", a type that no model computes in; choose one with --dtype, such as bfloat16");
    }
    return most;
  }

  private static LoadedLlava open(Path folder, Function<WeightSource, ParameterStore> storeOf) {
    try (LlavaFolder files = LlavaFolder.open(folder)) {
      ParameterStore parameters = storeOf.apply(files.weights());
      try {
        LoadedLlava loaded = new LoadedLlava(files.config(), parameters);
        UnusedTensors.check(
            parameters, files.path().resolve("config.json").toString(), LlavaLayouts::ours);
        return loaded;
      } catch (DsVlmException e) {
        parameters.close();
        // Parts that do not fit together do not know their file.
        throw e.at(files.path().toString(), files.visionPath().toString());
      } catch (RuntimeException e) {
        parameters.close();
        throw e;
      }
    }
  }

  public LlavaConfig config() {
    return config;
  }

  /**
   * The model. Its parameters live until {@link #close}, which must not be called while a thread
   * computes with it; {@link LlavaChat} waits by itself.
   *
   * @throws DsVlmException if this is closed
   */
  public Llava model() {
    open.require();
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
    open.close();
    parameters.close();
  }
}
