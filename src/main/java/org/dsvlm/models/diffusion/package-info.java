/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Stable Diffusion: VAE, UNet, noise schedule, DDIM sampler, folders in diffusers' layout, and
 * cost. How it supervises a vision encoder is in {@code supervision}.
 */
@NullMarked
package org.dsvlm.models.diffusion;

import org.jspecify.annotations.NullMarked;
