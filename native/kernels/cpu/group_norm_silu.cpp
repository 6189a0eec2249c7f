/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "kernels/cpu/group_norm_silu_impl.h"
#include "kernels/cpu/isa.h"

DSVLM_DISPATCH(group_norm_silu, GroupNormSilu)
