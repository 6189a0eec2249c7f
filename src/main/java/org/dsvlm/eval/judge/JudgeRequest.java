/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.judge;

import java.util.function.Predicate;

/**
 * One row that the judge is asked about.
 *
 * @param row index of the row; the reply is kept by it
 * @param text what the judge is told
 * @param attempts how often to ask again while the reply is not readable, at least 1
 * @param readable whether a reply says what is wanted
 */
public record JudgeRequest(String row, String text, int attempts, Predicate<String> readable) {}
