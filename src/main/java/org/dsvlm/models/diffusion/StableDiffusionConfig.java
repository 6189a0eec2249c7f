/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

/**
 * A Stable Diffusion's networks and their noise.
 *
 * @param unet the denoising network
 * @param vae the autoencoder
 * @param schedule the noise
 */
public record StableDiffusionConfig(UNetConfig unet, VaeConfig vae, NoiseSchedule schedule) {}
