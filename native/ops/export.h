/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

// Everything else in the library is hidden.
#define DSVLM_EXPORT __attribute__((visibility("default")))
