/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "kernels/cpu/isa.h"
#include "kernels/cpu/perceptual_distance_impl.h"

DSVLM_DISPATCH(perceptual_distance, Perceptual)
