/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * What a run by a recipe will take, found without running it: parameters, memory, floating-point
 * operations and time.
 */
package org.dsvlm.plan;
