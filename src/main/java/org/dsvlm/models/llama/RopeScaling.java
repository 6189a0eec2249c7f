/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.dsvlm.io.JsonConfig;

/** How a checkpoint stretches the rotary frequencies to reach beyond its first context length. */
public sealed interface RopeScaling {

  /** One inverse frequency, in radians per position, after scaling. */
  double apply(double inverseFrequency);

  /** Writes {@code rope_type} and its settings, as config.json has them. */
  void write(ObjectNode json);

  /** Frequencies as they are. */
  record None() implements RopeScaling {
    @Override
    public double apply(double inverseFrequency) {
      return inverseFrequency;
    }

    @Override
    public void write(ObjectNode json) {
      json.put("rope_type", "default");
    }
  }

  /** Positions divided by {@code factor} (position interpolation, Chen et al. 2023). */
  record Linear(double factor) implements RopeScaling {
    @Override
    public double apply(double inverseFrequency) {
      return inverseFrequency / factor;
    }

    @Override
    public void write(ObjectNode json) {
      json.put("rope_type", "linear").put("factor", factor);
    }
  }

  /**
   * Llama 3.1's: wavelengths that the first context held {@code highFrequencyFactor} times stay,
   * those that it held less than {@code lowFrequencyFactor} times grow by {@code factor}, and
   * between the two the frequency moves linearly from one to the other.
   */
  record Llama3(
      double factor,
      double lowFrequencyFactor,
      double highFrequencyFactor,
      int originalMaxPositions)
      implements RopeScaling {
    @Override
    public double apply(double inverseFrequency) {
      double turns = originalMaxPositions * inverseFrequency / (2 * Math.PI);
      if (turns > highFrequencyFactor) {
        return inverseFrequency;
      }
      if (turns < lowFrequencyFactor) {
        return inverseFrequency / factor;
      }
      double kept = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
      return kept * inverseFrequency + (1 - kept) * inverseFrequency / factor;
    }

    @Override
    public void write(ObjectNode json) {
      json.put("rope_type", "llama3")
          .put("factor", factor)
          .put("low_freq_factor", lowFrequencyFactor)
          .put("high_freq_factor", highFrequencyFactor)
          .put("original_max_position_embeddings", originalMaxPositions);
    }
  }

  /** From {@code rope_parameters} (transformers 5) or {@code rope_scaling} (before). */
  static RopeScaling parse(JsonConfig json) {
    json.onlySupports("partial_rotary_factor", 1.0);
    String type = json.text("rope_type", json.text("type", "default"));
    return switch (type) {
      case "default" -> new None();
      case "linear" -> new Linear(json.number("factor"));
      case "llama3" ->
          new Llama3(
              json.number("factor"),
              json.number("low_freq_factor"),
              json.number("high_freq_factor"),
              json.size("original_max_position_embeddings"));
      default ->
          throw json.error(
              "rope_type", "is '" + type + "'; supported are default, linear and llama3");
    };
  }
}
