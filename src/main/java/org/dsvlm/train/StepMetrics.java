/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What one optimizer step did.
 *
 * @param step steps done so far in stages 1 and 2, this one included; of stage 0 its own
 * @param stage 0 (autoencoder), 1 or 2
 * @param losses by name: {@code language}, {@code reconstruction}, …, each before its weight; a
 *     loss that saw no sample in this step is absent
 * @param loss the weighted sum that was differentiated
 * @param learningRate of the group with the stage's own rate
 * @param gradientNorm over all parameters, before clipping
 * @param skipped steps of the run so far that changed nothing because loss or gradient was not
 *     finite, this one included
 * @param samples records in the step
 * @param seconds the step took
 * @param residentBytes of the process, after the step
 * @param details further figures by name
 */
public record StepMetrics(
    long step,
    int stage,
    Map<String, Double> losses,
    double loss,
    double learningRate,
    double gradientNorm,
    long skipped,
    int samples,
    double seconds,
    long residentBytes,
    Map<String, Double> details) {
  /** Key of the norm over all parameters, and with the part's name after it of that over a part. */
  static final String GRADIENT_NORM = "grad_norm";

  public StepMetrics {
    losses = Collections.unmodifiableMap(new LinkedHashMap<>(losses));
    details = Collections.unmodifiableMap(new LinkedHashMap<>(details));
  }

  /** Records a second. */
  public double samplesPerSecond() {
    return samples / seconds;
  }

  /** Whether loss and gradient were finite, so that the step was not skipped. */
  public boolean finite() {
    return Double.isFinite(loss) && Double.isFinite(gradientNorm);
  }

  /** One line of metrics.jsonl. What is not finite, which JSON has no number for, is null. */
  ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("step", step).put("stage", stage);
    losses.forEach((name, value) -> put(json, "loss_" + name, value));
    put(json, "loss", loss);
    json.put("learning_rate", learningRate);
    put(json, GRADIENT_NORM, gradientNorm);
    json.put("skipped", skipped)
        .put("samples", samples)
        .put("samples_per_second", samplesPerSecond())
        .put("resident_bytes", residentBytes);
    details.forEach((name, value) -> put(json, name, value));
    return json;
  }

  private static void put(ObjectNode json, String key, double value) {
    json.put(key, Double.isFinite(value) ? (Double) value : null);
  }
}
