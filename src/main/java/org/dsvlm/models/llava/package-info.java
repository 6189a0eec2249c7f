/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * LLaVA: vision tower, connector and language model as one, conversations with it, and the
 * checkpoint layouts it is published in. Nothing here depends on the supervision.
 */
@NullMarked
package org.dsvlm.models.llava;

import org.jspecify.annotations.NullMarked;
