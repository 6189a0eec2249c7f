/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * A process group: the places of its processes by torchrun's variables, the collectives of
 * LibTorch's c10d, and the channel that detects a lost process. What a training run exchanges is
 * decided in {@code train.parallel}.
 */
@NullMarked
package org.dsvlm.distributed;

import org.jspecify.annotations.NullMarked;
