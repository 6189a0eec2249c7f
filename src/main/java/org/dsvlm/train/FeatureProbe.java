/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.tensor.Torch;
import org.dsvlm.train.run.Measurement;

/**
 * Asks the encoder's features for what is known of pictures that the run does not train on: a ridge
 * regression for each property, on the mean of a picture's patches, and on their means in a grid of
 * 4 × 4, which tells where things are.
 */
final class FeatureProbe implements AutoCloseable {
  private static final int GRID = 4;

  /** Fewer records with a label say nothing. */
  private static final int FEWEST = 10;

  private static final int AT_ONCE = 16;

  /** [pictures, 3, H, W] to the patches that the connector reads, [pictures, T, width]. */
  private final Function<Tensor, Tensor> encoder;

  private final List<Tensor> waiting = new ArrayList<>();
  private final List<Tensor> means = new ArrayList<>();
  private final List<Tensor> grids = new ArrayList<>();
  private final List<Map<String, String>> labels = new ArrayList<>();

  FeatureProbe(Function<Tensor, Tensor> encoder) {
    this.encoder = encoder;
  }

  /** Takes in a picture, [3, H, W], and what is known of it. */
  void add(Tensor pixelValues, Map<String, String> known) {
    waiting.add(Torch.keep(pixelValues));
    labels.add(known);
    if (waiting.size() == AT_ONCE) {
      encode();
    }
  }

  private void encode() {
    if (waiting.isEmpty()) {
      return;
    }
    try (PointerScope scope = new PointerScope()) {
      Tensor patches = encoder.apply(Torch.stack(0, waiting.toArray(Tensor[]::new)));
      patches = patches.to(ScalarType.Double);
      means.add(Torch.keep(patches.mean(1L).cpu()));
      long side = Math.round(Math.sqrt(patches.size(1)));
      if (side * side == patches.size(1) && side > GRID) {
        Tensor square = patches.transpose(1, 2).unflatten(2, side, side);
        Tensor grid = torch.adaptive_avg_pool2d(square, GRID, GRID);
        grids.add(Torch.keep(grid.flatten(1, -1).cpu()));
      }
    }
    waiting.forEach(Tensor::close);
    waiting.clear();
  }

  /** The accuracy of each property that enough pictures have, with its standard error. */
  Measurement read() {
    encode();
    Map<String, Double> accuracy = new LinkedHashMap<>();
    Map<String, Double> ofGrid = new LinkedHashMap<>();
    Map<String, Double> error = new LinkedHashMap<>();
    Map<String, Double> majority = new LinkedHashMap<>();
    Map<String, Double> records = new LinkedHashMap<>();
    TreeSet<String> names = new TreeSet<>();
    labels.forEach(known -> names.addAll(known.keySet()));
    for (String name : names) {
      if (labels.stream().filter(known -> known.containsKey(name)).count() < FEWEST) {
        continue;
      }
      RidgeProbe probe = probe(means, name);
      accuracy.put(name, probe.accuracy());
      error.put(name, probe.standardError());
      majority.put(name, probe.majority());
      records.put(name, (double) probe.records());
      if (!grids.isEmpty()) {
        ofGrid.put(name, probe(grids, name).accuracy());
      }
    }
    Map<String, Map<String, Double>> series = new LinkedHashMap<>();
    if (!accuracy.isEmpty()) {
      series.put("probe", accuracy);
      series.put("probe_grid", ofGrid);
      series.put("probe_error", error);
      series.put("probe_majority", majority);
      series.put("probe_records", records);
    }
    return new Measurement(Map.of(), series, 0);
  }

  private RidgeProbe probe(List<Tensor> features, String name) {
    List<Long> rows = new ArrayList<>();
    List<String> values = new ArrayList<>();
    for (int i = 0; i < labels.size(); i++) {
      if (labels.get(i).containsKey(name)) {
        rows.add((long) i);
        values.add(Objects.requireNonNull(labels.get(i).get(name)));
      }
    }
    try (PointerScope scope = new PointerScope()) {
      Tensor chosen = Torch.of(rows.stream().mapToLong(Long::longValue).toArray(), rows.size());
      Tensor all = Torch.cat(0, features.toArray(Tensor[]::new));
      return RidgeProbe.of(all.index_select(0, chosen), values);
    }
  }

  @Override
  public void close() {
    List.of(waiting, means, grids).forEach(tensors -> tensors.forEach(Tensor::close));
  }
}
