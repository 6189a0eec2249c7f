/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The results of an evaluation: predictions and scores in the shapes of the leaderboard's tool, the
 * table of the paper, a page of errors, and the comparison of two evaluations.
 */
@NullMarked
package org.dsvlm.eval.result;

import org.jspecify.annotations.NullMarked;
