/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The nano world: scenes composed of the Noto pictures and of writing, every truth about them
 * known, written as LLaVA's training data and as benchmark files. Nothing here knows a model.
 */
@NullMarked
package org.dsvlm.data.nano;

import org.jspecify.annotations.NullMarked;
