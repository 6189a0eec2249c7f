/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Diffusion supervision: feature hooks, adapters, mixture-of-experts cross-attention,
 * reconstruction losses, and the supervisor that joins them. Inference needs nothing of it, and it
 * does not know LLaVA.
 */
@NullMarked
package org.dsvlm.supervision;

import org.jspecify.annotations.NullMarked;
