/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.catalogue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.nn.ParameterShapes;
import org.dsvlm.weights.WeightSource;

/**
 * Names and shapes of the tensors of a public model as its own project's code gives them; made by
 * {@code benchmarks/peers/list_shapes.py}.
 */
record ReferenceShapes(Map<String, List<Long>> shapes) implements WeightSource {
  private static final Path FOLDER = Path.of("src/test/resources/org/dsvlm/catalogue");

  /** {@code layers.[0..31].norm} stands for 32 names. */
  private static final Pattern RUN = Pattern.compile("\\[0\\.\\.(\\d+)]");

  static ReferenceShapes named(String name) {
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    try {
      for (String line : Files.readAllLines(FOLDER.resolve(name + ".tsv"))) {
        String[] columns = line.split("\t", -1);
        List<Long> shape =
            columns[1].isEmpty()
                ? List.of()
                : Arrays.stream(columns[1].split(",")).map(Long::valueOf).toList();
        Matcher run = RUN.matcher(columns[0]);
        if (run.find()) {
          for (int i = 0; i <= Integer.parseInt(run.group(1)); i++) {
            shapes.put(run.replaceFirst(Integer.toString(i)), shape);
          }
        } else {
          shapes.put(columns[0], shape);
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return new ReferenceShapes(shapes);
  }

  /** As AssertJ compares them. */
  static Map<String, List<Long>> comparable(Map<String, long[]> shapes) {
    return shapes.entrySet().stream()
        .collect(
            Collectors.toMap(
                Map.Entry::getKey, entry -> Arrays.stream(entry.getValue()).boxed().toList()));
  }

  /** Those whose new name is not null. */
  ReferenceShapes renamed(UnaryOperator<String> rename) {
    Map<String, List<Long>> renamed = new LinkedHashMap<>();
    shapes.forEach(
        (name, shape) -> {
          if (rename.apply(name) != null) {
            renamed.put(rename.apply(name), shape);
          }
        });
    return new ReferenceShapes(renamed);
  }

  long parameters() {
    return names().stream().mapToLong(name -> ParameterShapes.elements(shape(name))).sum();
  }

  @Override
  public Set<String> names() {
    return shapes.keySet();
  }

  @Override
  public long[] shape(String name) {
    return shapes.get(name).stream().mapToLong(Long::longValue).toArray();
  }

  @Override
  public Tensor read(String name) {
    throw new AssertionError("there are no numbers here");
  }

  @Override
  public String where(String name) {
    return "the reference list";
  }

  @Override
  public void close() {}
}
