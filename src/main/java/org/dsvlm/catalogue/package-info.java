/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The public models by name: their configurations, what a folder holds, and folders of random
 * weights in their shapes. It answers from configurations and file headers alone and computes
 * nothing.
 */
@NullMarked
package org.dsvlm.catalogue;

import org.jspecify.annotations.NullMarked;
