/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/export.h"

namespace dsvlm {

// silu(group_norm(input)): input [batch, channels, ...], groups dividing channels, weight and bias [channels].
// Returns a contiguous tensor like input. Differentiable once in input, weight and bias.
DSVLM_EXPORT at::Tensor group_norm_silu(
    const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias, int64_t groups, double eps = 1e-5);

}  // namespace dsvlm
