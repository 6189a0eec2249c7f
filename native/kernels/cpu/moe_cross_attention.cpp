/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "kernels/cpu/isa.h"
#include "kernels/cpu/moe_cross_attention_backward_impl.h"

DSVLM_DISPATCH(moe_cross_attention, Moe)
