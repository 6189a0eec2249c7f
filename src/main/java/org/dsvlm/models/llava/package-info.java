/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** LLaVA: vision tower, connector and language model, and the checkpoint layouts it comes in. */
package org.dsvlm.models.llava;
