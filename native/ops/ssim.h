/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "ops/export.h"

namespace dsvlm {

// Mean structural similarity of each pair of pictures [batch, channels, height, width]: 11 x 11 Gaussian
// window, border "valid" (no padding) or "same" (zeros). Returns [batch]; float32 for bfloat16 pictures.
// Any strides; differentiable once in x and y.
DSVLM_EXPORT at::Tensor ssim(
    const at::Tensor& x, const at::Tensor& y, const std::string& border = "valid", double data_range = 1.0);

// similarity_weight * (1 - ssim) + difference_weight * mean |x - y|, [batch], in the same pass; the mean absolute
// difference is that of all pixels and in their units.
DSVLM_EXPORT at::Tensor ssim_l1(
    const at::Tensor& x, const at::Tensor& y, double similarity_weight, double difference_weight,
    const std::string& border = "valid", double data_range = 1.0);

}  // namespace dsvlm
