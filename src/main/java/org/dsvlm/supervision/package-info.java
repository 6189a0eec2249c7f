/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Diffusion supervision: feature taps, adapters, mixture-of-experts cross-attention, reconstruction
 * losses and the supervisor that joins them. Nothing here is needed for inference.
 */
package org.dsvlm.supervision;
