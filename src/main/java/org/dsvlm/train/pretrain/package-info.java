/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Pretraining of the parts that a small DS-VLM is made of, on the nano world: tokenizer, CLIP,
 * language model, autoencoder, denoising network and perceptual network. What trains them together
 * is in {@code train}.
 */
@NullMarked
package org.dsvlm.train.pretrain;

import org.jspecify.annotations.NullMarked;
