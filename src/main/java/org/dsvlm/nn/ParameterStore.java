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
import java.util.function.Predicate;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.OpenState;
import org.dsvlm.tensor.Devices;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.WeightSource;
import org.jspecify.annotations.Nullable;

/**
 * All parameters of a model by checkpoint name. It owns them: {@link #close} frees their memory.
 *
 * <p>Modules ask for parameters while they are built (see {@link Parameters}); the store takes each
 * from its {@link WeightSource} or, without one, draws it from its {@link Init}, a draw that
 * depends on the seed and the name alone.
 */
public final class ParameterStore implements AutoCloseable {
  /** The most parameters of a model; the largest published ones have some thousands. */
  static final int MOST = 200_000;

  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Map<String, long[]> shapes = new LinkedHashMap<>();
  private final Map<String, Linear> linears = new LinkedHashMap<>();
  private final @Nullable WeightSource source;
  private final @Nullable RandomState random;
  private final Predicate<String> mayStartAtRandom;
  private final ScalarType dtype;
  private final String device;

  /** Whether what is stored is copied even where it could be used as it lies. */
  private boolean copying = true;

  /** False for a store of shapes, whose tensors are null. */
  private boolean hasNumbers = true;

  private final OpenState open = new OpenState("the model");

  /** Of a store of shapes: the source that tells whether an optional part is there. */
  private @Nullable WeightSource consulted;

  /** Of a store of shapes: the random start of each parameter. */
  private final Map<String, Init> starts = new LinkedHashMap<>();

  private ParameterStore(
      @Nullable WeightSource source,
      @Nullable RandomState random,
      Predicate<String> mayStartAtRandom,
      ScalarType dtype,
      String device) {
    this.source = source;
    this.random = random;
    this.mayStartAtRandom = mayStartAtRandom;
    this.dtype = dtype;
    this.device = device;
  }

  /** A store whose parameters start at random. */
  public static ParameterStore random(RandomState random, ScalarType dtype, String device) {
    return new ParameterStore(null, random, name -> true, dtype, device);
  }

  /** A store filled from {@code source}, converted to {@code dtype} on {@code device}. */
  public static ParameterStore from(WeightSource source, ScalarType dtype, String device) {
    return new ParameterStore(source, null, name -> false, dtype, device);
  }

  /**
   * A store filled from {@code source} for a model that is only used, not trained: where type and
   * device are those of the source, its parameters are the source's own tensors, not copies. Of a
   * file that the source maps (see {@link org.dsvlm.weights.MappedFile}) the pages come in when
   * they are touched and go when memory is short; it stays mapped until the store is closed, even
   * if the source is closed earlier.
   */
  public static ParameterStore mapped(WeightSource source, ScalarType dtype, String device) {
    ParameterStore store = from(source, dtype, device);
    store.copying = false;
    return store;
  }

  /**
   * A store filled from {@code source}; a parameter that the source lacks starts at random where
   * its name matches {@code mayStartAtRandom}, such as a new connector between two models.
   */
  public static ParameterStore from(
      WeightSource source,
      RandomState random,
      Predicate<String> mayStartAtRandom,
      ScalarType dtype,
      String device) {
    return new ParameterStore(source, random, mayStartAtRandom, dtype, device);
  }

  /**
   * A store of shapes: it notes what parameters a model asks for and gives null for each, so that a
   * model of any size can be built for its list of parameters, without LibTorch being loaded. Such
   * a model cannot compute. See {@link ParameterShapes}.
   *
   * @param consulted is asked whether it holds an {@link Parameters#optional} part; without it the
   *     model has all parts
   */
  static ParameterStore ofShapes(@Nullable WeightSource consulted) {
    ParameterStore store = new ParameterStore(null, null, name -> true, ScalarType.Float, "cpu");
    store.hasNumbers = false;
    store.consulted = consulted;
    return store;
  }

  /** View at the root: names are whole checkpoint names. */
  public Parameters root() {
    return new Parameters(this, "");
  }

  /** Every parameter asked for so far, in the order of asking. */
  public Map<String, Tensor> tensors() {
    open.require();
    return Collections.unmodifiableMap(tensors);
  }

  /** The linear layers built on these parameters, by path: their weight's name without its end. */
  Map<String, Linear> linears() {
    return Collections.unmodifiableMap(linears);
  }

  void add(String path, Linear linear) {
    linears.put(path, linear);
  }

  boolean isClosed() {
    return open.isClosed();
  }

  /** Type that parameters are held in. */
  public ScalarType dtype() {
    return dtype;
  }

  /** Device that parameters are held on ("cpu", "cuda:0"). */
  public String device() {
    return device;
  }

  /** Shape of every parameter asked for so far, in the order of asking. */
  Map<String, long[]> shapes() {
    return Collections.unmodifiableMap(shapes);
  }

  /** Names that the source holds and no module has asked for. */
  public List<String> surplus() {
    List<String> names = new ArrayList<>();
    if (source != null) {
      source.names().stream().filter(name -> !tensors.containsKey(name)).forEach(names::add);
    }
    return names;
  }

  /** Where the source holds {@code name}, for messages. */
  String where(String name) {
    return source == null ? "'" + name + "'" : source.where(name);
  }

  /** Makes exactly the parameters whose names match trainable; returns them by name. */
  public Map<String, Tensor> setTrainable(Predicate<String> trainable) {
    open.require();
    Map<String, Tensor> chosen = new LinkedHashMap<>();
    tensors.forEach(
        (name, tensor) -> {
          tensor.set_requires_grad(trainable.test(name));
          if (tensor.requires_grad()) {
            chosen.put(name, tensor);
          }
        });
    return chosen;
  }

  Map<String, Init> starts() {
    return starts;
  }

  boolean has(String name) {
    return tensors.containsKey(name) || hasStored(name);
  }

  private boolean hasStored(String name) {
    return source != null && source.names().contains(name);
  }

  boolean loaded() {
    return source != null;
  }

  boolean optional(String name) {
    WeightSource stored = source != null ? source : consulted;
    return stored == null
        || stored.names().contains(name)
        || (source != null && mayStartAtRandom.test(name));
  }

  long[] storedShape(String name) {
    if (source == null) {
      throw new DsVlmException("'" + name + "' starts at random: it has no stored shape");
    }
    if (!source.names().contains(name)) {
      throw new DsVlmException(source.where(name) + ": tensor '" + name + "' is missing");
    }
    return source.shape(name);
  }

  // A store of shapes gives no tensors; its models are built and never run.
  @SuppressWarnings("NullAway")
  Tensor get(String name, Init init, long[] shape) {
    open.require();
    long[] known = shapes.get(name);
    if (known == null && shapes.size() >= MOST) {
      throw new DsVlmException(
          "the configuration asks for more than "
              + MOST
              + " tensors; check its numbers of layers and blocks");
    }
    if (known != null) {
      checkShape(name, known, shape);
      return tensors.get(name);
    }
    Tensor tensor = hasNumbers ? value(name, init, shape) : null;
    if (hasNumbers) {
      tensors.put(name, tensor);
    } else {
      starts.put(name, init);
    }
    shapes.put(name, shape.clone());
    return tensor;
  }

  private Tensor value(String name, Init init, long[] shape) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      WeightSource from = source;
      boolean stored = from != null && (hasStored(name) || !mayStartAtRandom.test(name));
      Tensor value =
          from != null && stored
              ? read(from, name, shape)
              : init.sample(Objects.requireNonNull(random).fork(name), shape);
      return Torch.keep(value.to(Devices.of(device), dtype, false, stored && copying, null));
    }
  }

  private Tensor read(WeightSource stored, String name, long[] shape) {
    if (!hasStored(name)) {
      throw new DsVlmException(
          stored.where(name)
              + ": tensor '"
              + name
              + "' is missing; the model needs it with shape "
              + Arrays.toString(shape));
    }
    checkShape(name, stored.shape(name), shape);
    return stored.read(name);
  }

  private void checkShape(String name, long[] actual, long[] wanted) {
    if (!Arrays.equals(actual, wanted)) {
      String place = source == null ? "" : source.where(name) + ": ";
      throw new DsVlmException(
          place
              + "tensor '"
              + name
              + "' has shape "
              + Arrays.toString(actual)
              + ", but the "
              + "configuration asks for "
              + Arrays.toString(wanted)
              + "; check that config.json belongs to these weights");
    }
  }

  @Override
  public void close() {
    open.close();
    tensors.values().forEach(Tensor::close);
    tensors.clear();
    shapes.clear();
  }
}
