/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Data parallelism: which process takes which micro batches, the exchange of gradients, and the
 * sharded optimizer state. The process group itself is in {@code distributed}.
 */
@NullMarked
package org.dsvlm.train.parallel;

import org.jspecify.annotations.NullMarked;
