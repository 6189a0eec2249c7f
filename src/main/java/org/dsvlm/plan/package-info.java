/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The plan of a run, made without running it: parameters, memory, floating-point operations and
 * time of a recipe. The cost of each model is stated beside the model.
 */
@NullMarked
package org.dsvlm.plan;

import org.jspecify.annotations.NullMarked;
