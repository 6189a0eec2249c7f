/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The Java side of the native operators: loading, binding, argument checks, and a reference
 * implementation of each in LibTorch's own operators. The C++ and CUDA sources are in {@code
 * native/}.
 */
@NullMarked
package org.dsvlm.kernels;

import org.jspecify.annotations.NullMarked;
