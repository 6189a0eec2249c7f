/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.nn.cost.Operation;
import org.dsvlm.nn.cost.Operation.Role;
import org.dsvlm.nn.cost.OperationType;
import org.jspecify.annotations.Nullable;

/**
 * The rates of a device. An operation takes as long as its arithmetic or its memory traffic,
 * whichever is longer. The time of calls is added where the processor that makes them also
 * computes; a GPU hides them behind its computation.
 *
 * @param name of the device
 * @param memory bytes that it has
 * @param rates floating-point operations a second by kind; empty where all was measured
 * @param measured seconds of single shapes, where they were timed
 * @param bandwidth bytes a second that pointwise operations reach
 * @param callSeconds what a call takes beside its computation
 * @param asynchronous whether calls are made ahead of the computation
 * @param runtime bytes that a process or context takes before anything is trained
 * @param source where these figures come from
 */
public record Hardware(
    String name,
    double memory,
    Map<OperationType, Double> rates,
    Map<OperationType, List<Timing>> measured,
    double bandwidth,
    double callSeconds,
    boolean asynchronous,
    double runtime,
    String source) {

  /**
   * The measured time of one shape.
   *
   * @param work floating-point operations forward, or bytes where there are none
   * @param seconds by role, per unit of that role's work
   */
  public record Timing(List<Long> shape, double work, Map<Role, Double> seconds) {
    /** Seconds of a role per unit of its work. */
    double seconds(Role role) {
      return Objects.requireNonNull(seconds.get(role));
    }
  }

  /** A call of LibTorch from Java on a server's processor. */
  private static final double CALL_SECONDS = 5e-6;

  /** LibTorch's CUDA context and cuBLAS's workspaces. */
  private static final double CUDA_CONTEXT = 1.0e9;

  /** Shares of the peak that large training runs report; the plan says that they are assumed. */
  private static final Map<OperationType, Double> SHARES =
      Map.of(
          OperationType.MATRIX_PRODUCT,
          0.6,
          OperationType.CONVOLUTION,
          0.4,
          OperationType.ATTENTION,
          0.35,
          OperationType.EXPERT_ATTENTION,
          0.35);

  private static final double BANDWIDTH_SHARE = 0.75;

  /** Peak of dense bfloat16, of float32, bandwidth and memory, from the makers' data sheets. */
  private record Sheet(
      String name, double bfloat16, double float32, double bandwidth, double memory) {}

  private static final Map<String, Sheet> SHEETS = new LinkedHashMap<>();

  static {
    SHEETS.put("h100", new Sheet("H100 SXM 80 GB", 989e12, 67e12, 3.35e12, 80e9));
    SHEETS.put("h200", new Sheet("H200 SXM 141 GB", 989e12, 67e12, 4.8e12, 141e9));
    SHEETS.put("a100", new Sheet("A100 SXM 80 GB", 312e12, 19.5e12, 2.04e12, 80e9));
    SHEETS.put("a100-40", new Sheet("A100 SXM 40 GB", 312e12, 19.5e12, 1.56e12, 40e9));
    SHEETS.put("l40s", new Sheet("L40S 48 GB", 362e12, 91.6e12, 0.864e12, 48e9));
  }

  /** Devices that are known by name. */
  static List<String> names() {
    return List.copyOf(SHEETS.keySet());
  }

  /**
   * A device by name.
   *
   * @param bytes of an element: 2 computes in bfloat16, 4 in float32
   */
  static Hardware named(String name, int bytes) {
    Sheet sheet = SHEETS.get(name);
    if (sheet == null) {
      throw new DsVlmException("no GPU '" + name + "' is known here; known are " + names());
    }
    double peak = bytes == 2 ? sheet.bfloat16() : sheet.float32();
    Map<OperationType, Double> rates = new EnumMap<>(OperationType.class);
    SHARES.forEach((kind, share) -> rates.put(kind, share * peak));
    return new Hardware(
        sheet.name(),
        sheet.memory(),
        rates,
        Map.of(),
        BANDWIDTH_SHARE * sheet.bandwidth(),
        CALL_SECONDS,
        true,
        CUDA_CONTEXT,
        "assumed: of the data sheet's peak 60 % for matrix products, 40 % for convolutions, 35 % for"
            + " attention; 75 % of its bandwidth");
  }

  /** Seconds that {@code operations} take one after another. */
  public double seconds(List<Operation> operations) {
    double computing = 0;
    double calling = 0;
    for (Operation operation : operations) {
      computing += computing(operation);
      calling += callSeconds * operation.calls();
    }
    return asynchronous ? Math.max(computing, calling) : computing + calling;
  }

  private double computing(Operation operation) {
    double work = work(operation);
    Timing timing = nearest(operation, work / Math.max(1, operation.calls()));
    if (timing != null) {
      return work * timing.seconds(operation.role().alike());
    }
    Double rate = rates.get(operation.type());
    double moving = operation.bytes() / bandwidth;
    return rate == null ? moving : Math.max(operation.flops() / rate, moving);
  }

  /** The quantity to which the time of an operation is proportional. */
  static double work(Operation operation) {
    return operation.flops() > 0 ? operation.flops() : operation.bytes();
  }

  /**
   * The timed shape of the operation's kind: its own, or else the one with the nearest FLOP count.
   */
  private @Nullable Timing nearest(Operation operation, double workOfCall) {
    return measured.getOrDefault(operation.type(), List.of()).stream()
        .filter(timing -> timing.seconds().containsKey(operation.role().alike()))
        .min(
            Comparator.comparingDouble(
                timing ->
                    timing.shape().equals(operation.shape())
                        ? -1
                        : Math.abs(Math.log(timing.work() / workOfCall))))
        .orElse(null);
  }
}
