/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Training records and how they become batches: sources of records, the order in which a run sees
 * them, background decoding, and collation. It does not know what a batch is trained for.
 */
@NullMarked
package org.dsvlm.data;

import org.jspecify.annotations.NullMarked;
