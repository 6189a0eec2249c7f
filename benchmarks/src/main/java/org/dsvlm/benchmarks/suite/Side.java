/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks.suite;

import java.util.List;

/** One of the two that are compared. */
interface Side extends AutoCloseable {
  /**
   * Milliseconds of one operation in each iteration of one turn.
   *
   * @throws MeasurementException if the case does not run
   */
  List<Double> time(Case wanted, Effort effort);

  /**
   * The inputs and results of one call.
   *
   * @throws MeasurementException if the case does not run
   */
  Probed probe(Case wanted);

  /** Frees what the operation at hand needed; later requests begin anew. */
  default void rest() {}

  @Override
  void close();

  /**
   * Results beside the time.
   *
   * @param extraBytes memory at the peak of one call beyond inputs, result and gradients
   * @param check numbers that sum up the results
   */
  record Probed(long extraBytes, List<Double> check) {}

  /** A case that did not run; the message says why. */
  final class MeasurementException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    MeasurementException(String message) {
      super(message);
    }

    MeasurementException(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
