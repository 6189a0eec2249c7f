/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Vision transformers of the CLIP and SigLIP families: configuration, encoder, checkpoint layouts
 * and cost. Picture processing is in {@code image}.
 */
@NullMarked
package org.dsvlm.models.vit;

import org.jspecify.annotations.NullMarked;
