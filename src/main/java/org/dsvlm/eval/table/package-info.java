/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Benchmark files: tab-separated values as pandas reads them, and the Python literals that stand in
 * their cells. It does not know what a column means.
 */
@NullMarked
package org.dsvlm.eval.table;

import org.jspecify.annotations.NullMarked;
