/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Named tensors that are read one at a time, and decorators that rename, convert, join or filter
 * them. The file formats are in {@code safetensors} and {@code pickle}; which format a file has is
 * decided in {@code files}.
 */
@NullMarked
package org.dsvlm.weights;

import org.jspecify.annotations.NullMarked;
