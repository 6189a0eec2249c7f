/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Tokenizers and conversation templates: from turns to token ids and label masks. The language
 * model that reads them is in {@code models.llama}.
 */
@NullMarked
package org.dsvlm.text;

import org.jspecify.annotations.NullMarked;
