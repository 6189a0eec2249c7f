/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.io.StrictJson;

/**
 * A public model that is known by name. What its files say lies as {@code NAME.json} beside the
 * class of its family: {@code source}, its place on the Hugging Face hub; {@code config}, its
 * config.json; and under {@code …_config} the files of these names. A module of its own has to open
 * the package to this one.
 *
 * @param name such as vicuna-7b
 * @param family the class beside which the resource lies
 */
public record Preset(String name, Class<?> family) {
  private static final ObjectMapper MAPPER = StrictJson.json();
  private static final String COMPANION = "_config";

  /** The contents of the resource. */
  public JsonConfig facts() {
    String resource = name + ".json";
    try (InputStream stream = family.getResourceAsStream(resource)) {
      if (stream == null) {
        throw new DsVlmException(
            "resource " + resource + " is missing beside " + family.getName() + " in this build");
      }
      return JsonConfig.of(MAPPER.readTree(stream), resource);
    } catch (IOException e) {
      throw new DsVlmException("resource " + resource + " cannot be read: " + e.getMessage(), e);
    }
  }

  /** The model's place on the Hugging Face hub. */
  public String source() {
    return facts().text("source");
  }

  /** The files beside config.json and weights, by name. */
  Map<String, ObjectNode> companions() {
    Map<String, ObjectNode> files = new LinkedHashMap<>();
    JsonConfig facts = facts();
    facts
        .json()
        .fieldNames()
        .forEachRemaining(
            key -> {
              if (key.endsWith(COMPANION)) {
                files.put(key + ".json", (ObjectNode) facts.child(key).json());
              }
            });
    return files;
  }
}
