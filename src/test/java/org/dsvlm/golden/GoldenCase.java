/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.safetensors.Safetensors;

/**
 * One folder of reference inputs and outputs. A runner reads inputs from it, computes, and hands
 * every result to {@link #expect}; differences are gathered, so that one run shows them all.
 */
public final class GoldenCase implements AutoCloseable {
  private final Path folder;
  private final JsonNode description;
  private final WeightSource tensors;
  private final List<String> failures = new ArrayList<>();
  private final Set<String> checked = new java.util.TreeSet<>();

  GoldenCase(Path folder) throws IOException {
    this.folder = folder;
    this.description = json(folder.resolve("case.json"));
    Path io = folder.resolve("io.safetensors");
    // Cases about text alone hold no tensors.
    this.tensors = Files.exists(io) ? Safetensors.open(io) : null;
  }

  private static JsonNode json(Path file) throws IOException {
    return new ObjectMapper().readTree(file.toFile());
  }

  public Path folder() {
    return folder;
  }

  /** All of case.json. */
  public JsonNode description() {
    return description;
  }

  public String kind() {
    return description.path("kind").asText();
  }

  /** Names in io.safetensors. */
  public Set<String> names() {
    return tensors == null ? Set.of() : tensors.names();
  }

  public boolean has(String name) {
    return names().contains(name);
  }

  /** A copy of the stored tensor, in its stored type: the caller may write to it. */
  public Tensor input(String name) {
    return Torch.tidy(() -> tensors.read(name).clone());
  }

  /** The stored tensor as a leaf that gathers a gradient. */
  public Tensor leaf(String name) {
    return input(name).set_requires_grad(true);
  }

  /** Compares with the stored tensor {@code name}, by the tolerances of case.json. */
  public void expect(String name, Tensor actual) {
    JsonNode tolerance = description.path("tolerance");
    JsonNode own = tolerance.path("per_tensor").path(name);
    double rtol = own.path("rtol").asDouble(tolerance.path("rtol").asDouble(0));
    expect(name, actual, rtol, own.path("atol").asDouble(0));
  }

  /** Compares with the stored tensor {@code name}: |actual − expected| ≤ atol + rtol·|expected|. */
  public void expect(String name, Tensor actual, double rtol, double atol) {
    expect(name, actual, rtol, atol, 0);
  }

  /** As above, with the share of entries in [0, 1] that may lie outside. */
  public void expect(String name, Tensor actual, double rtol, double atol, double outliers) {
    checked.add(name);
    if (!has(name)) {
      failures.add(name + ": not among the case's tensors");
      return;
    }
    try (PointerScope scope = new PointerScope()) {
      Tensor expected = tensors.read(name);
      if (actual.isNull() || !actual.defined()) {
        failures.add(name + ": no value (no gradient arrived?)");
        return;
      }
      if (actual.numel() != expected.numel()) {
        failures.add(
            name + ": shape " + Torch.describe(actual) + ", expected " + Torch.describe(expected));
        return;
      }
      compare(name, Torch.doubles(actual), Torch.doubles(expected), rtol, atol, outliers);
    }
  }

  private void compare(
      String name, double[] actual, double[] expected, double rtol, double atol, double outliers) {
    int wrong = 0;
    int worst = -1;
    double worstExcess = 0;
    for (int i = 0; i < expected.length; i++) {
      double difference = Math.abs(actual[i] - expected[i]);
      double excess = difference - (atol + rtol * Math.abs(expected[i]));
      if (!(excess <= 0)) {
        wrong++;
        if (worst < 0 || !(excess <= worstExcess)) {
          worst = i;
          worstExcess = excess;
        }
      }
    }
    if (wrong > outliers * expected.length) {
      failures.add(
          String.format(
              "%s: %d of %d entries differ; worst at %d: %.9g, expected %.9g (rtol %.1e, atol %.1e)",
              name, wrong, expected.length, worst, actual[worst], expected[worst], rtol, atol));
    }
  }

  /** Compares values that are not in io.safetensors. */
  public void expectEqual(String what, long[] actual, long[] expected) {
    checked.add(what);
    if (!Arrays.equals(actual, expected)) {
      failures.add(
          what + ": " + Arrays.toString(actual) + ", expected " + Arrays.toString(expected));
    }
  }

  /** Notes a difference that no tensor comparison finds. */
  public void fail(String message) {
    failures.add(message);
  }

  /** Everything that differed so far. */
  List<String> failures() {
    return failures;
  }

  /** Names compared so far. */
  Set<String> checked() {
    return checked;
  }

  @Override
  public void close() {
    if (tensors != null) {
      tensors.close();
    }
  }
}
