/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.lab;

/**
 * What the paper's table says of two rows.
 *
 * @param better name of the arm that is better by {@code measure}
 * @param than name of the other arm
 */
record Claim(String better, String than, Measure measure) {}
