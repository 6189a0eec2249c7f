/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The ten benchmarks: what each row asks, and how the replies are scored, both as VLMEvalKit (the
 * OpenVLM leaderboard's tool) does it. It does not know any model: who answers is in {@code
 * eval.answer}.
 */
@NullMarked
package org.dsvlm.eval;

import org.jspecify.annotations.NullMarked;
