/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * A weight file of either format, and a folder of them with or without a shard index. Folders of
 * whole models are read in {@code models}.
 */
@NullMarked
package org.dsvlm.weights.files;

import org.jspecify.annotations.NullMarked;
