/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// The few names of the CUDA runtime that kernels/cuda uses, for a C++ compiler.
#pragma once

typedef void* cudaStream_t;
