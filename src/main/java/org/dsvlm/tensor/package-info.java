/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * LibTorch made safe to call from Java: devices, element types, random state, memory figures, and
 * the message about memory that ran out. Layers are in {@code nn}, operators in {@code kernels}.
 */
@NullMarked
package org.dsvlm.tensor;

import org.jspecify.annotations.NullMarked;
