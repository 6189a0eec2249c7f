/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.lab;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.JsonConfig;
import org.jspecify.annotations.Nullable;

/**
 * What one arm gave with one seed: a small file that can be committed.
 *
 * @param figures by name; those of {@link Measure} among them
 * @param settings every key that decided them
 * @param made time, machine and version, by name
 */
record ArmResult(
    long seed,
    Map<String, Double> figures,
    Map<String, String> settings,
    Map<String, String> made) {
  /** The file of an arm and a seed in a folder of results. */
  static Path file(Path folder, String address, long seed) {
    return folder.resolve(address + "-seed" + seed + ".json");
  }

  /** Reads the file, if it is there. */
  static Optional<ArmResult> read(Path file) {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    JsonNode json = JsonConfig.read(file).json();
    Map<String, Double> figures = new TreeMap<>();
    json.path("figures")
        .properties()
        .forEach(entry -> figures.put(entry.getKey(), entry.getValue().asDouble(Double.NaN)));
    if (figures.isEmpty()) {
      throw new DsVlmException(file + ": holds no figures; delete it, and the arm is run again");
    }
    return Optional.of(
        new ArmResult(
            json.path("seed").asLong(),
            figures,
            texts(json.path("settings")),
            texts(json.path("made"))));
  }

  private static Map<String, String> texts(JsonNode tree) {
    Map<String, String> texts = new TreeMap<>();
    tree.properties().forEach(entry -> texts.put(entry.getKey(), entry.getValue().asText()));
    return texts;
  }

  void write(Path file) {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("seed", seed);
    ObjectNode numbers = json.putObject("figures");
    new TreeMap<>(figures).forEach((key, value) -> numbers.put(key, rounded(value)));
    ObjectNode made = json.putObject("made");
    new TreeMap<>(this.made).forEach(made::put);
    ObjectNode keys = json.putObject("settings");
    new TreeMap<>(settings).forEach(keys::put);
    AtomicFiles.text(file, json.toPrettyString() + "\n");
  }

  /** To float's precision, which no figure exceeds; null where it is not finite. */
  private static @Nullable Double rounded(double value) {
    return Double.isFinite(value) ? Double.valueOf(Float.toString((float) value)) : null;
  }
}
