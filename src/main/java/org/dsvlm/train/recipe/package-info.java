/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Recipes: their keys, defaults and checks, the built-in ones, and the models that they name.
 * Nothing here loads a weight.
 */
@NullMarked
package org.dsvlm.train.recipe;

import org.jspecify.annotations.NullMarked;
