/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Asking a model: requests of messages and pictures, answers, and the engine that makes several
 * answers together. This is the package for programs that embed the library; what it computes with
 * is in {@code models.llava}.
 */
@NullMarked
@StableApi
package org.dsvlm.chat;

import org.dsvlm.io.StableApi;
import org.jspecify.annotations.NullMarked;
