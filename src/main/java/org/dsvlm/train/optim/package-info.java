/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * AdamW with float32 masters, gradient clipping and the learning-rate schedule, over groups of
 * named parameters. The training loop is in {@code train}.
 */
@NullMarked
package org.dsvlm.train.optim;

import org.jspecify.annotations.NullMarked;
