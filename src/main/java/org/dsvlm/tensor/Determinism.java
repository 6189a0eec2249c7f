/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.io.DsVlmException;
import org.jspecify.annotations.Nullable;

/**
 * Deterministic algorithms in the whole process, until it is closed: LibTorch's operators that add
 * up in an order of chance take another way, or refuse. This project's own operators are
 * deterministic always. What was set before is set again at the end.
 */
public final class Determinism implements AutoCloseable {
  /** Without one of {@link #WORKSPACES} cuBLAS may take another way each time. */
  static final String WORKSPACE = "CUBLAS_WORKSPACE_CONFIG";

  private static final Set<String> WORKSPACES = Set.of(":4096:8", ":16:8");

  private static final Pattern REFUSAL =
      Pattern.compile("(\\S+) does not have a deterministic implementation");

  private final boolean held;
  private final boolean algorithms;
  private final boolean warnOnly;
  private final boolean cuDnn;
  private final boolean oneDnn;
  private final boolean search;

  private Determinism(boolean held) {
    this.held = held;
    Context context = torch.globalContext();
    algorithms = context.deterministicAlgorithms();
    warnOnly = context.deterministicAlgorithmsWarnOnly();
    cuDnn = context.deterministicCuDNN();
    oneDnn = context.deterministicMkldnn();
    search = context.benchmarkCuDNN();
    if (held) {
      set(true, false, true, true, false);
    }
  }

  /** Sets them if {@code wanted}; else nothing changes. */
  public static Determinism hold(boolean wanted) {
    Torch.load();
    return new Determinism(wanted);
  }

  private static void set(
      boolean algorithms, boolean warnOnly, boolean cuDnn, boolean oneDnn, boolean search) {
    Context context = torch.globalContext();
    context.setDeterministicAlgorithms(algorithms, warnOnly);
    context.setDeterministicCuDNN(cuDnn);
    context.setDeterministicMkldnn(oneDnn);
    // It would choose a convolution's algorithm by the time that each took.
    context.setBenchmarkCuDNN(search);
  }

  /**
   * Demands what cannot be set from within the process.
   *
   * @param device as recipes name it
   * @param workspace the environment's {@value #WORKSPACE}
   * @throws DsVlmException with what to set, if a GPU's products could differ from time to time
   */
  public static void require(String device, @Nullable String workspace) {
    if (device.startsWith("cuda") && (workspace == null || !WORKSPACES.contains(workspace))) {
      throw new DsVlmException(
          "recipe: deterministic: cuBLAS needs "
              + WORKSPACE
              + "=:4096:8 in the environment before the process starts; it "
              + (workspace == null ? "is not set" : "is " + workspace));
    }
  }

  /** {@link #require(String, String)} with the process's own environment. */
  public static void require(String device) {
    require(device, System.getenv(WORKSPACE));
  }

  /** {@code failure}, or where it is LibTorch's refusal of an operator, the same in our words. */
  public static RuntimeException plain(RuntimeException failure) {
    String text = String.valueOf(failure.getMessage());
    Matcher refusal = REFUSAL.matcher(text);
    return refusal.find()
        ? new DsVlmException(
            "recipe: deterministic: LibTorch's "
                + refusal.group(1)
                + " has no deterministic implementation on this device; leave deterministic out, or"
                + " what needs that operator",
            failure)
        : failure;
  }

  @Override
  public void close() {
    if (held) {
      set(algorithms, warnOnly, cuDnn, oneDnn, search);
    }
  }
}
