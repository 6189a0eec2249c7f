/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.optim;

import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Parameters that share a learning rate and a weight decay.
 *
 * @param name the model part that metrics name, such as {@code vision_encoder}
 * @param parameters leaves by checkpoint name
 * @param learningRate the rate where the schedule's factor is 1
 * @param weightDecay decoupled weight decay
 */
public record ParameterGroup(
    String name, Map<String, Tensor> parameters, double learningRate, double weightDecay) {}
