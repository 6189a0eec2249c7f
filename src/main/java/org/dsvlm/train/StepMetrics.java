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
    int samples,
    double seconds,
    long residentBytes,
    Map<String, Double> details) {
  public StepMetrics {
    losses = Collections.unmodifiableMap(new LinkedHashMap<>(losses));
    details = Collections.unmodifiableMap(new LinkedHashMap<>(details));
  }

  /** Records a second. */
  public double samplesPerSecond() {
    return samples / seconds;
  }

  /** One line of metrics.jsonl. */
  ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("step", step).put("stage", stage);
    losses.forEach((name, value) -> json.put("loss_" + name, value));
    json.put("loss", loss)
        .put("learning_rate", learningRate)
        .put("grad_norm", gradientNorm)
        .put("samples", samples)
        .put("samples_per_second", samplesPerSecond())
        .put("resident_bytes", residentBytes);
    details.forEach(json::put);
    return json;
  }
}
