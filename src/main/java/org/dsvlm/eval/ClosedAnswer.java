/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import java.util.List;

/**
 * The reply to a question that has a given number of answers, of which one is right.
 *
 * @param index of the row
 * @param category that the row counts in
 * @param options the answers that there are, as texts
 * @param right the right one of them
 * @param hit whether the reply names it, read by exact matching alone
 */
public record ClosedAnswer(
    String index, String category, List<String> options, String right, boolean hit) {}
