/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * The loss of one step.
 *
 * @param total what is differentiated
 * @param named numbers to watch, by name
 * @param samples that it was computed on
 */
record Loss(Tensor total, Map<String, Tensor> named, int samples) {}
