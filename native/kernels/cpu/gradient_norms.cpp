/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "kernels/cpu/gradient_norms_impl.h"
#include "kernels/cpu/isa.h"

DSVLM_DISPATCH_DIRECTION(gradient_norms, forward, NormsForward)
