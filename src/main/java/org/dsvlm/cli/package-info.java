/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The command line: one class for each command, and how progress, errors and exit codes are shown.
 * It holds no logic that an embedding program would want.
 */
@NullMarked
package org.dsvlm.cli;

import org.jspecify.annotations.NullMarked;
