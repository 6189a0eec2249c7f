/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.distributed.CollectiveTrial;
import org.dsvlm.io.Excerpt;
import org.dsvlm.nn.Attention;
import org.dsvlm.tensor.Devices;
import org.dsvlm.tensor.Torch;

/**
 * Four computations of a training, each once on a device, with results compared to the processor's
 * in float64. A library that is missing, or is of another version than LibTorch's, fails here in
 * seconds and not at some step of a run.
 *
 * @param device that they ran on
 * @param failures in words; empty if all results are right
 */
record DeviceTrial(String device, List<String> failures) {
  private static final double SHORT_TOLERANCE = 0.05;
  private static final double TOLERANCE = 1e-3;

  /** What is computed of one tensor, which it changes to the result or not. */
  private static Map<String, UnaryOperator<Tensor>> computations() {
    Map<String, UnaryOperator<Tensor>> all = new LinkedHashMap<>();
    all.put(
        "convolution",
        x -> {
          Tensor pictures = x.view(2, 8, 32, 32);
          return torch.conv2d(pictures, pictures.narrow(2, 0, 3).narrow(3, 0, 3));
        });
    all.put("matrix product", x -> x.view(128, 128).matmul(x.view(128, 128)));
    all.put(
        "attention",
        x -> {
          Tensor heads = x.view(2, 2, 64, 64);
          return Attention.causal(heads, heads, heads);
        });
    all.put(
        "all-reduce",
        x -> {
          Tensor sum = x.clone();
          CollectiveTrial.allReduce(sum);
          return sum;
        });
    return all;
  }

  /** Runs them on {@code device}. */
  static DeviceTrial on(String device) {
    return on(device, computations());
  }

  /** computations: of 16,384 numbers, by name. */
  static DeviceTrial on(String device, Map<String, UnaryOperator<Tensor>> computations) {
    List<String> failures = new ArrayList<>();
    computations.forEach(
        (name, computation) -> {
          try (PointerScope scope = new PointerScope();
              NoGradGuard guard = new NoGradGuard()) {
            compare(computation, Devices.of(device));
          } catch (RuntimeException | LinkageError e) {
            failures.add(name + " fails: " + Excerpt.firstLine(e));
          }
        });
    return new DeviceTrial(device, failures);
  }

  private static void compare(UnaryOperator<Tensor> computation, Device device) {
    ScalarType dtype = type(device);
    Tensor x = torch.linspace(Torch.scalar(-1), Torch.scalar(1), 1 << 14).mul(Torch.scalar(40));
    Tensor given = x.sin().to(device, dtype);
    Tensor expected = computation.apply(given.cpu().to(ScalarType.Double));
    Tensor error = computation.apply(given).cpu().to(ScalarType.Double).sub(expected).abs().max();
    double relative = Torch.item(error) / Torch.item(expected.abs().max());
    double tolerance = dtype == ScalarType.Float ? TOLERANCE : SHORT_TOLERANCE;
    // Also of NaN.
    if (!(relative <= tolerance)) {
      throw new ArithmeticException("the result is wrong by " + relative);
    }
  }

  /** As a training there would. */
  private static ScalarType type(Device device) {
    return device.is_cpu() ? ScalarType.Float : ScalarType.BFloat16;
  }

  boolean passed() {
    return failures.isEmpty();
  }

  /** A line for people. */
  String words() {
    return passed()
        ? String.join(", ", computations().keySet()) + ": right"
        : String.join("; ", failures);
  }
}
