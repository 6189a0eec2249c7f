/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/export.h"

namespace dsvlm {

// One layer of LPIPS: features, target [batch, channels, height, width], weights [channels]. Returns
// [batch]; float32 for bfloat16 features. Differentiable once in every argument.
DSVLM_EXPORT at::Tensor perceptual_distance(
    const at::Tensor& features, const at::Tensor& target, const at::Tensor& weights);

}  // namespace dsvlm
