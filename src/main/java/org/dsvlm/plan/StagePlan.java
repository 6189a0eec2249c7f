/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.plan;

import java.util.EnumMap;
import java.util.Map;
import org.dsvlm.nn.cost.Operation;
import org.dsvlm.nn.cost.Operation.Role;
import org.dsvlm.nn.cost.OperationType;
import org.dsvlm.nn.cost.Part;
import org.dsvlm.nn.cost.Tape;

/**
 * The cost of one stage.
 *
 * @param stage 0, 1 or 2
 * @param steps optimizer steps
 * @param microBatches passes of each device in a step
 * @param records of a step, on all devices
 * @param flops of a step on all devices, by part, kind and role of the operations
 * @param memory of one device
 * @param longest bytes of activations at their peak if every record is as long as the recipe allows
 * @param recomputed bytes of activations if every block of encoder and language model were computed
 *     again in the backward pass, and only its input kept
 * @param secondsPerStep of a step
 * @param secondsUnsupervised of the same step without supervision; that of the step itself if there
 *     is none
 * @param instrumentSeconds that the instruments take beside a step, spread over all steps
 */
record StagePlan(
    int stage,
    long steps,
    int microBatches,
    double records,
    Map<Part, Map<OperationType, Map<Role, Double>>> flops,
    Memory memory,
    double longest,
    double recomputed,
    double secondsPerStep,
    double secondsUnsupervised,
    double instrumentSeconds) {

  double totalFlops() {
    return flops.values().stream()
        .flatMap(kinds -> kinds.values().stream())
        .flatMap(roles -> roles.values().stream())
        .mapToDouble(Double::doubleValue)
        .sum();
  }

  /** Floating-point operations of a part in a pass, {@code forward} or {@code backward}. */
  double flops(Part part, String pass) {
    return flops.getOrDefault(part, Map.of()).values().stream()
        .flatMap(roles -> roles.entrySet().stream())
        .filter(role -> role.getKey().pass().equals(pass))
        .mapToDouble(Map.Entry::getValue)
        .sum();
  }

  /** Adds the operations of {@code tape}, {@code times} over, to {@code flops}. */
  static void add(Map<Part, Map<OperationType, Map<Role, Double>>> flops, Tape tape, double times) {
    for (Operation operation : tape.operations()) {
      if (operation.flops() > 0) {
        flops
            .computeIfAbsent(operation.part(), part -> new EnumMap<>(OperationType.class))
            .computeIfAbsent(operation.type(), kind -> new EnumMap<>(Role.class))
            .merge(operation.role(), times * operation.flops(), Double::sum);
      }
    }
  }

  double hours() {
    return steps * (secondsPerStep + instrumentSeconds) / 3600;
  }

  /** Time of a step over that of one without supervision. */
  double overhead() {
    return secondsPerStep / secondsUnsupervised;
  }
}
