/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The laboratory: the paper's comparisons at nano scale, run arm by arm under paired seeds, and the
 * pages about them. A single training run is made by {@code train}, its evaluation by {@code
 * eval.run}.
 */
@NullMarked
package org.dsvlm.lab;

import org.jspecify.annotations.NullMarked;
