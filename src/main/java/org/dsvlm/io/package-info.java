/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The library's exception type, and files: atomic replacement, checksums, and configuration read
 * from JSON with errors that name file and key. Nothing here knows tensors or models.
 */
@NullMarked
package org.dsvlm.io;

import org.jspecify.annotations.NullMarked;
