/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Language models of the Llama family: configuration, decoder, generation, checkpoint layouts and
 * cost. Tokenizers and conversation templates are in {@code text}.
 */
@NullMarked
package org.dsvlm.models.llama;

import org.jspecify.annotations.NullMarked;
