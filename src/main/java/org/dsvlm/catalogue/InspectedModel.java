/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.catalogue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.nn.ParameterShapes;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFolder;

/**
 * The contents of one model's weight files, by their headers.
 *
 * @param path folder or file
 * @param architecture in a line
 * @param parts the model's parts that have weights
 * @param missing tensors that the configuration asks for and no file has
 * @param misshapen tensors of another shape than the configuration asks for
 * @param surplus tensors that the configuration has no use for
 * @param unread files of weights in the folder that are not read
 */
public record InspectedModel(
    Path path,
    String architecture,
    List<PartSizes> parts,
    List<String> missing,
    List<String> misshapen,
    List<String> surplus,
    List<String> unread) {

  /**
   * A part of a model.
   *
   * @param name the key of a {@link org.dsvlm.nn.cost.Part}, or for an unknown model the beginning
   *     of its tensors' names
   * @param tensors how many it has
   * @param parameters numbers in them
   * @param bytes that they take
   * @param types parameters by their type
   */
  public record PartSizes(
      String name, int tensors, long parameters, long bytes, Map<String, Long> types) {
    private static PartSizes of(String name) {
      return new PartSizes(name, 0, 0, 0, new TreeMap<>());
    }

    private PartSizes with(long elements, ScalarType dtype) {
      types.merge(DTypes.name(dtype), elements, Long::sum);
      return new PartSizes(
          name, tensors + 1, parameters + elements, bytes + elements * DTypes.bytes(dtype), types);
    }
  }

  /**
   * Compares {@code weights} with the shapes that are {@code expected}, which names 0 for a size
   * that any may stand for.
   *
   * @param partOf from a tensor's name to that of its part
   */
  static InspectedModel of(
      Path path,
      String architecture,
      UnaryOperator<String> partOf,
      Map<String, long[]> expected,
      WeightSource weights) {
    Map<String, PartSizes> parts = new LinkedHashMap<>();
    List<String> misshapen = new ArrayList<>();
    List<String> surplus = new ArrayList<>();
    for (String name : weights.names()) {
      long[] shape = weights.shape(name);
      String part = partOf.apply(name);
      parts.put(
          part,
          parts
              .getOrDefault(part, PartSizes.of(part))
              .with(ParameterShapes.elements(shape), weights.dtype(name)));
      if (!expected.containsKey(name)) {
        surplus.add(name + " " + Arrays.toString(shape));
      } else if (!fits(shape, expected.get(name))) {
        misshapen.add(
            name
                + " is "
                + Arrays.toString(shape)
                + ", not "
                + describe(expected.get(name))
                + ", in "
                + weights.where(name));
      }
    }
    List<String> missing = new ArrayList<>();
    expected.forEach(
        (name, shape) -> {
          if (!weights.names().contains(name)) {
            missing.add(name + " " + describe(shape));
          }
        });
    return new InspectedModel(
        path, architecture, List.copyOf(parts.values()), missing, misshapen, surplus, unread(path));
  }

  /** As above for weights that no configuration describes. */
  static InspectedModel of(
      Path path, String architecture, UnaryOperator<String> partOf, WeightSource weights) {
    Map<String, long[]> own = new LinkedHashMap<>();
    weights.names().forEach(name -> own.put(name, weights.shape(name)));
    return of(path, architecture, partOf, own, weights);
  }

  private static List<String> unread(Path path) {
    return Files.isDirectory(path)
        ? WeightFolder.unread(path).stream()
            .filter(name -> !name.equals(Inspection.BESIDE_ADAPTER))
            .toList()
        : List.of();
  }

  private static boolean fits(long[] shape, long[] expected) {
    boolean fits = shape.length == expected.length;
    for (int i = 0; fits && i < shape.length; i++) {
      fits = expected[i] == 0 || shape[i] == expected[i];
    }
    return fits;
  }

  private static String describe(long[] shape) {
    return Arrays.toString(shape).replaceAll("\\b0\\b", "?");
  }

  /** Whether every tensor that the configuration asks for is there in its shape. */
  public boolean complete() {
    return missing.isEmpty() && misshapen.isEmpty();
  }

  public long parameters() {
    return parts.stream().mapToLong(PartSizes::parameters).sum();
  }

  public long bytes() {
    return parts.stream().mapToLong(PartSizes::bytes).sum();
  }
}
