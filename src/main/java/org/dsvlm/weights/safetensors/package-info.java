/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The safetensors format, read and written: header, checks of the header, and writer. Sharded
 * checkpoints are in {@code weights.files}.
 */
@NullMarked
package org.dsvlm.weights.safetensors;

import org.jspecify.annotations.NullMarked;
