/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.run;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.tensor.DeviceMemory;

/**
 * The metrics of one optimizer step.
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
 * @param details further figures by name: {@code grad_norm_<part>} and {@code learning_rate_<part>}
 *     of each part that the stage trains, and {@link #deviceMemory}
 * @param router by layer and feature, in the order of both: how much the routers let the feature
 *     count, a mean over the step's pictures; empty where there are no routers or no pictures
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
    Map<String, Double> details,
    Map<String, Map<String, Double>> router) {
  /** Key of the norm over all parameters, and with the part's name after it of that over a part. */
  public static final String GRADIENT_NORM = "grad_norm";

  /** Key of the stage's own rate, and with a part's name after it of that part's. */
  public static final String LEARNING_RATE = "learning_rate";

  /** Key of the routers' weights by layer, and with a feature's name after it of the mean. */
  public static final String ROUTER = "router";

  /** Key of the most bytes that tensors held on the GPU at once, since the step before. */
  public static final String DEVICE_PEAK = "device_peak_bytes";

  /** Key of the most bytes that LibTorch had taken of the GPU, cached ones included. */
  public static final String DEVICE_RESERVED = "device_reserved_bytes";

  public StepMetrics {
    losses = Collections.unmodifiableMap(new LinkedHashMap<>(losses));
    details = Collections.unmodifiableMap(new LinkedHashMap<>(details));
    router = Collections.unmodifiableMap(new LinkedHashMap<>(router));
  }

  /** A GPU's memory under its keys; empty of what is not on a GPU, as {@code tensor} may be. */
  public static Map<String, Double> deviceMemory(Tensor tensor) {
    Map<String, Double> figures = new LinkedHashMap<>();
    DeviceMemory.takePeak(tensor)
        .ifPresent(
            peak -> {
              figures.put(DEVICE_PEAK, (double) peak.tensorBytes());
              figures.put(DEVICE_RESERVED, (double) peak.reservedBytes());
            });
    return figures;
  }

  /** Records a second. */
  public double samplesPerSecond() {
    return samples / seconds;
  }

  /** Whether loss and gradient were finite, so that the step was not skipped. */
  public boolean finite() {
    return Double.isFinite(loss) && Double.isFinite(gradientNorm);
  }

  /** The mean router weight of each feature over all layers. */
  public Map<String, Double> routerMeans() {
    Map<String, Double> means = new LinkedHashMap<>();
    router
        .values()
        .forEach(
            row ->
                row.forEach(
                    (feature, weight) ->
                        means.merge(feature, weight / router.size(), Double::sum)));
    return means;
  }

  /** One line of metrics.jsonl. What is not finite, which JSON has no number for, is null. */
  public ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("step", step).put("stage", stage);
    losses.forEach((name, value) -> put(json, "loss_" + name, value));
    put(json, "loss", loss);
    json.put(LEARNING_RATE, learningRate);
    put(json, GRADIENT_NORM, gradientNorm);
    json.put("skipped", skipped)
        .put("samples", samples)
        .put("samples_per_second", samplesPerSecond())
        .put("resident_bytes", residentBytes);
    details.forEach((name, value) -> put(json, name, value));
    routerMeans().forEach((feature, value) -> put(json, ROUTER + "_" + feature, value));
    if (!router.isEmpty()) {
      ObjectNode layers = json.putObject(ROUTER);
      router.forEach(
          (layer, row) -> {
            ArrayNode weights = layers.putArray(layer);
            row.values()
                .forEach(
                    weight -> weights.add(Double.isFinite(weight) ? weight.floatValue() : null));
          });
    }
    return json;
  }

  static void put(ObjectNode json, String key, double value) {
    json.put(key, Double.isFinite(value) ? (Double) value : null);
  }
}
