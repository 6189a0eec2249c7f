/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Training: the stages of a recipe, the loop over a stage's steps, the auxiliary losses, and the
 * export at the end. The step's optimizer, exchange and files are in the packages below this one.
 */
@NullMarked
package org.dsvlm.train;

import org.jspecify.annotations.NullMarked;
