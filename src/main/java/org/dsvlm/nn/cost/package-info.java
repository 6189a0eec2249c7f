/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The cost of a forward and backward pass: the operations of one in running order, with what
 * autograd keeps. A model's own cost stands beside the model; {@code plan} adds them up.
 */
@NullMarked
package org.dsvlm.nn.cost;

import org.jspecify.annotations.NullMarked;
