/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The JMH suite: one class for each native operator, named as the operator's kernel and test are,
 * and one each for a training step, generation and data loading. {@code benchmarks/run} compares
 * them with their PyTorch peers of {@code benchmarks/peers}.
 */
package org.dsvlm.benchmarks;
