/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Asks a model the questions of a file: prompts made ready in the background, several answered at a
 * time, replies kept as they come. No scoring.
 */
@NullMarked
package org.dsvlm.eval.answer;

import org.jspecify.annotations.NullMarked;
