/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** The page about a run: {@link org.dsvlm.report.RunReport}. */
package org.dsvlm.report;
