/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The files of a training run: checkpoints with their manifests, metrics, TensorBoard events and
 * pictures, and the lock on the folder. The page about a run is written in {@code report}.
 */
@NullMarked
package org.dsvlm.train.run;

import org.jspecify.annotations.NullMarked;
