/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.tensor.Torch;

/**
 * What the classifier is asked about a picture, each with yes or no: every category, colour of the
 * ground, number of things, and character of the writing.
 */
final class VggLabels {
  private final Map<String, Integer> classes = new HashMap<>();

  /** The classes that {@code part} shows. */
  VggLabels(WorldPart part) {
    TreeSet<String> all = new TreeSet<>();
    part.labels().forEach(label -> all.addAll(of(label)));
    all.forEach(name -> classes.put(name, classes.size()));
  }

  private static List<String> of(JsonNode label) {
    List<String> names = new ArrayList<>();
    label.path("things").forEach(thing -> names.add("category " + thing.path("category").asText()));
    label.path("ground").forEach(colour -> names.add("ground " + colour.asText()));
    names.add("count " + label.path("count").asInt());
    label.path("text").asText().chars().forEach(c -> names.add("character " + (char) c));
    return names;
  }

  int size() {
    return classes.size();
  }

  /** float32 [rows, classes], 1 for yes. */
  Tensor rows(WorldPart part, long... rows) {
    float[] values = new float[rows.length * classes.size()];
    for (int i = 0; i < rows.length; i++) {
      for (String name : of(part.labels().get((int) rows[i]))) {
        Integer column = classes.get(name);
        if (column != null) {
          values[i * classes.size() + column] = 1;
        }
      }
    }
    return Torch.of(values, rows.length, classes.size());
  }
}
