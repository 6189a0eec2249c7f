/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Pictures: decoders that yield Pillow's pixels, and image processors that resize, crop and
 * normalise them. The encoders are in {@code models.vit}.
 */
@NullMarked
package org.dsvlm.image;

import org.jspecify.annotations.NullMarked;
