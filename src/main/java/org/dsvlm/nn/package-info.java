/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Named parameters, the layers built from them, and LoRA with its PEFT files. Whole models are in
 * {@code models}, costs in {@code nn.cost}.
 */
@NullMarked
package org.dsvlm.nn;

import org.jspecify.annotations.NullMarked;
