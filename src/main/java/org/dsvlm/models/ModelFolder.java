/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.dsvlm.nn.Parameters;

/**
 * The folder that a model comes in, without its numbers.
 *
 * @param files those beside the weights, by path, in the order they are written
 * @param networks what has weights
 * @param namesType whether config.json names the type of the weights, as transformers' do
 */
public record ModelFolder(
    Map<String, ObjectNode> files, List<NetworkFiles> networks, boolean namesType) {
  /** The file that describes a model. */
  public static final String CONFIG = "config.json";

  private static final String STEM = "model";

  public ModelFolder {
    files = new LinkedHashMap<>(files);
    networks = List.copyOf(networks);
  }

  /** A folder of one network, as the transformers library writes it. */
  public static ModelFolder of(
      Map<String, ObjectNode> files,
      Consumer<Parameters> network,
      UnaryOperator<String> storedName) {
    return new ModelFolder(files, List.of(new NetworkFiles("", STEM, network, storedName)), true);
  }
}
