/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Files of {@code torch.save}, read without running their pickle program: a small machine accepts
 * what describes tensors and refuses every other name. Nothing here writes such a file.
 */
@NullMarked
package org.dsvlm.weights.pickle;

import org.jspecify.annotations.NullMarked;
