/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "ops/export.h"

namespace dsvlm {

// Euclidean norm of each tensor, float64 [tensors]; of an undefined one 0. Any shapes and strides; float32, float64
// and bfloat16 may come together. All on one device, where the norms are. Recorded by no graph.
DSVLM_EXPORT at::Tensor gradient_norms(const std::vector<at::Tensor>& gradients);

}  // namespace dsvlm
