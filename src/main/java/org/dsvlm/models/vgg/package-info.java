/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The VGG-16 features behind the perceptual losses, with their configuration and cost. The losses
 * themselves are in {@code supervision}.
 */
@NullMarked
package org.dsvlm.models.vgg;

import org.jspecify.annotations.NullMarked;
