/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Several processes as one: their places as torchrun's variables tell them, collectives of
 * LibTorch's c10d, and the link that finds out which of them was lost.
 */
package org.dsvlm.distributed;
