/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The evaluation that ends a training run: held-out questions asked of the trained model, scored
 * beside chance and the majority answer, and held-out pictures reconstructed from noise.
 */
@NullMarked
package org.dsvlm.eval.run;

import org.jspecify.annotations.NullMarked;
