/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * A language model that reads replies where exact matching cannot: what it is told, how it is
 * reached, and its replies kept in a file. It does not know any benchmark.
 */
@NullMarked
package org.dsvlm.eval.judge;

import org.jspecify.annotations.NullMarked;
