/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The public models by name: their configurations, and folders of random weights of their shapes.
 */
package org.dsvlm.catalogue;
