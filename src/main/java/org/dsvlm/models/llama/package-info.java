/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** Language models of the Llama family, tokenizers, conversation templates and generation. */
package org.dsvlm.models.llama;
