/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.result;

import org.dsvlm.eval.Benchmark;

/**
 * One line of the table.
 *
 * @param headline NaN where the benchmark was not scored
 * @param judge who read the replies
 * @param answered how many questions have a reply
 * @param questions how many there are
 */
public record Summary(
    Benchmark benchmark, double headline, String judge, int answered, int questions) {}
