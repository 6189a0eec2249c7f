/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

/** Sizes that all parts of one level's spatial transformers share. */
record TransformerShape(
    int channels,
    int heads,
    int layers,
    int crossAttentionDim,
    boolean linearProjection,
    int normGroups) {}
