/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "ops/export.h"

namespace dsvlm {

// x W^T + b as at::linear computes it, on all threads: on the CPU, in float32, for all but small products.
// Differentiable any number of times.
//
//   x [..., in], weight [out, in], bias [out] or none; returns [..., out]
DSVLM_EXPORT at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias);

}  // namespace dsvlm
