/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The HTML page about a run, made from the files in its folder. It reads what {@code train.run}
 * wrote and nothing else.
 */
@NullMarked
package org.dsvlm.report;

import org.jspecify.annotations.NullMarked;
