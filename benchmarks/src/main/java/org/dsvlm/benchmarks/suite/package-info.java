/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Runs the benchmarks beside their PyTorch peers and compares: what {@code benchmarks/run} starts.
 */
package org.dsvlm.benchmarks.suite;
