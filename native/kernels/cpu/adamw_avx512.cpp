/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#define DSVLM_ISA avx512
#include "kernels/cpu/adamw_impl.h"
