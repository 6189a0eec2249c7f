/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

/**
 * A pass of a {@link UNet} over a batch, as far as its cost depends on it.
 *
 * @param pictures of the batch
 * @param side of the latents
 * @param crossAttention that of every transformer block
 * @param trained whether the network's own weights are
 * @param differentiated whether the latents have a gradient
 */
public record UNetPass(
    double pictures,
    int side,
    CrossAttentionCost crossAttention,
    boolean trained,
    boolean differentiated) {}
