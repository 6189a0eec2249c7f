/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.OpenState;
import org.dsvlm.tensor.Devices;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * A low-rank adapter of a model (see {@link LoraConfig}): an update for each linear layer that it
 * targets, attached while this is open. The model's own parameters stay as they are unless the
 * adapter is merged into them.
 *
 * <p>Its matrices are float32 where the model's type is a shorter one, as in PEFT: the shorter type
 * would lose steps as small as those of training.
 */
public final class Lora implements AutoCloseable {
  private static final String A = ".lora_A.weight";
  private static final String B = ".lora_B.weight";

  private final LoraConfig config;
  private final Map<String, LoraLayer> layers = new LinkedHashMap<>();
  private final Map<String, Integer> ranks = new LinkedHashMap<>();
  private final Map<String, Double> alphas = new LinkedHashMap<>();
  private final List<String> others;
  private final ParameterStore base;
  private final OpenState open = new OpenState("the LoRA adapter");

  /** Whole parameters that come with the adapter, and the model's own in their place. */
  private final Map<String, Tensor> replacements = new LinkedHashMap<>();

  private final Map<String, Tensor> replaced = new LinkedHashMap<>();

  /** Whose matrices {@code matrices} gives: A [rank, in] and B [out, rank] of a layer. */
  @FunctionalInterface
  interface Matrices {
    Tensor[] of(String path, long in, long out, int rank);
  }

  /**
   * Attaches an adapter.
   *
   * @param targeted from the path of a linear layer to the name that {@code config} knows it by
   */
  Lora(ParameterStore base, LoraConfig config, Map<String, String> targeted, Matrices matrices) {
    this.config = config;
    this.base = base;
    this.others = new ArrayList<>(base.linears().keySet());
    this.others.removeAll(targeted.keySet());
    ScalarType type = typeBeside(base.dtype());
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      Device device = Devices.of(base.device());
      targeted.forEach(
          (path, name) -> {
            Linear linear = Objects.requireNonNull(base.linears().get(path));
            long[] shape = Objects.requireNonNull(base.shapes().get(path + ".weight"));
            int rank = config.rank(name);
            Tensor[] pair = matrices.of(path, shape[1], shape[0], rank);
            Tensor a = pair[0].to(device, type, false, true, null);
            Tensor b = pair[1].to(device, type, false, true, null);
            layers.put(
                path, new LoraLayer(linear, path, a, b, config.scaling(name), config.dropout()));
            ranks.put(path, rank);
            alphas.put(path, config.alpha(name));
            Torch.keep(a);
            Torch.keep(b);
          });
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private static ScalarType typeBeside(ScalarType base) {
    return base == ScalarType.Double ? ScalarType.Double : ScalarType.Float;
  }

  /**
   * Attaches a fresh adapter to the layers of {@code base} that {@code config} targets. A starts as
   * PEFT has it, uniform in ±1/√in, and B at zero, so that the model computes what it did.
   *
   * @param names from a layer's path to the name that the config knows it by; null for a layer that
   *     is not to be adapted
   * @param random each matrix depends on it and on its name alone
   * @throws DsVlmException if the config targets no layer
   */
  public static Lora start(
      ParameterStore base, LoraConfig config, UnaryOperator<String> names, RandomState random) {
    Map<String, String> targeted = targeted(base, config, names);
    if (targeted.isEmpty()) {
      throw new DsVlmException(
          "LoRA: target_modules "
              + config.targets()
              + " fits none of the model's linear layers, such as "
              + base.linears().keySet().stream()
                  .map(names)
                  .filter(name -> name != null)
                  .findFirst()
                  .orElse("(none)"));
    }
    return new Lora(
        base,
        config,
        targeted,
        (path, in, out, rank) ->
            new Tensor[] {
              Init.FAN_IN.sample(random.fork(path + A), new long[] {rank, in}),
              Init.ZEROS.sample(random, new long[] {out, rank})
            });
  }

  /** Path and config's name of each layer that {@code config} targets. */
  static Map<String, String> targeted(
      ParameterStore base, LoraConfig config, UnaryOperator<String> names) {
    Map<String, String> targeted = new LinkedHashMap<>();
    for (String path : base.linears().keySet()) {
      String name = names.apply(path);
      if (name != null && config.targets().match(name)) {
        targeted.put(path, name);
      }
    }
    return targeted;
  }

  /**
   * Shapes of the matrices that {@link #start} would attach to a model, by name, found without its
   * weights.
   *
   * @param model builds the model on the parameters it is given
   */
  public static Map<String, long[]> shapes(
      Consumer<Parameters> model, LoraConfig config, UnaryOperator<String> names) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    try (ParameterStore store = ParameterStore.ofShapes(null)) {
      model.accept(store.root());
      targeted(store, config, names)
          .forEach(
              (path, name) -> {
                long[] weight = Objects.requireNonNull(store.shapes().get(path + ".weight"));
                shapes.put(path + A, new long[] {config.rank(name), weight[1]});
                shapes.put(path + B, new long[] {weight[0], config.rank(name)});
              });
    }
    return shapes;
  }

  public LoraConfig config() {
    return config;
  }

  /** Paths of the adapted layers. */
  public List<String> paths() {
    open.require();
    return List.copyOf(layers.keySet());
  }

  /** Paths of the model's linear layers that are not adapted. */
  List<String> otherPaths() {
    return Collections.unmodifiableList(others);
  }

  int rank(String path) {
    return Objects.requireNonNull(ranks.get(path));
  }

  double alpha(String path) {
    return Objects.requireNonNull(alphas.get(path));
  }

  /**
   * Its matrices: {@code PATH.lora_A.weight} [rank, in], {@code PATH.lora_B.weight} [out, rank].
   */
  public Map<String, Tensor> parameters() {
    open.require();
    Map<String, Tensor> parameters = new LinkedHashMap<>();
    layers.forEach(
        (path, layer) -> {
          parameters.put(path + A, layer.a());
          parameters.put(path + B, layer.b());
        });
    return Collections.unmodifiableMap(parameters);
  }

  /** Switches the adapter on or off; whether its matrices have gradients stays as it is. */
  public void setActive(boolean active) {
    open.require();
    layers.values().forEach(layer -> layer.setActive(active));
  }

  /**
   * Switches the adapter on, with gradients for its matrices, or off. Until this is called it is
   * on, without gradients.
   */
  public void setTraining(boolean training) {
    setActive(training);
    parameters().values().forEach(tensor -> tensor.set_requires_grad(training));
  }

  /**
   * Sets the random states of the dropout in the following passes, forward and backward, one for
   * each row of the batch. With the state of its record and step, a row drops the same inputs in
   * any batch.
   *
   * @param rows a state for each row; null for passes without dropout
   */
  public void setDropout(@Nullable List<RandomState> rows) {
    open.require();
    List<RandomState> drawnFrom = rows == null ? null : List.copyOf(rows);
    layers.values().forEach(layer -> layer.setRows(drawnFrom));
  }

  /**
   * Adds the updates to the model's weights, whose type rounds the sum once. The weights as they
   * were are kept for {@link #unmerge}, which takes as much memory again as the adapted ones.
   */
  public void merge() {
    open.require();
    layers.values().forEach(layer -> layer.merge(true));
  }

  /**
   * Puts {@code value} in the place of the model's parameter {@code name}, until this is closed: a
   * part that was trained whole beside the adapter.
   *
   * @param where the file that it comes from, for messages
   * @throws DsVlmException if the model has no such parameter, or one of another shape
   */
  public void replace(String name, Tensor value, String where) {
    open.require();
    long[] shape = base.shapes().get(name);
    if (shape == null || !Arrays.equals(shape, Torch.shape(value))) {
      throw new DsVlmException(
          where
              + ": '"
              + name
              + "' of shape "
              + Arrays.toString(Torch.shape(value))
              + (shape == null
                  ? " is no parameter of the model"
                  : " takes the place of one of shape " + Arrays.toString(shape))
              + "; the adapter was made for another model");
    }
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      replacements.put(name, Torch.keep(value.clone()));
      Tensor own = base.tensors().get(name);
      if (own != null) {
        replaced.put(name, Torch.keep(own.clone()));
        own.copy_(value);
      }
    }
  }

  /** The adapter's own in the place of {@code value}, the model's parameter {@code name}. */
  Tensor replaced(String name, Tensor value) {
    open.require();
    Tensor own = replacements.get(name);
    return own == null
        ? value
        : own.to(new Device(value.device()), value.scalar_type(), false, true, null);
  }

  /** The result of {@link #merge} for {@code weight}, the weight of the layer at {@code path}. */
  Tensor merged(String path, Tensor weight) {
    open.require();
    LoraLayer layer = layers.get(path);
    return layer == null ? weight : layer.merged(weight);
  }

  /** Gives the model's weights back the bits that they had before {@link #merge}. */
  public void unmerge() {
    open.require();
    layers.values().forEach(LoraLayer::unmerge);
  }

  /** Merges for good, without a copy of the weights, and closes this adapter. */
  public void mergeForGood() {
    unmerge();
    layers.values().forEach(layer -> layer.merge(false));
    replaced.values().forEach(Tensor::close);
    replaced.clear();
    close();
  }

  /** Unmerges, detaches and frees the adapter. A model that is closed already stays as it is. */
  @Override
  public void close() {
    if (!open.close()) {
      return;
    }
    if (!base.isClosed()) {
      layers.values().forEach(LoraLayer::unmerge);
      try (PointerScope scope = new PointerScope();
          NoGradGuard guard = new NoGradGuard()) {
        replaced.forEach(
            (name, value) -> Objects.requireNonNull(base.tensors().get(name)).copy_(value));
      }
    }
    layers.values().forEach(LoraLayer::detach);
    layers.clear();
    replaced.values().forEach(Tensor::close);
    replaced.clear();
    replacements.values().forEach(Tensor::close);
    replacements.clear();
  }
}
