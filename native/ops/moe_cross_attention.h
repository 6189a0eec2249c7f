/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "ops/export.h"

namespace dsvlm {

// sum_e router_probabilities[:, e] * softmax(scale * query keys[e]^T) values[e]
//
//   query                 [batch, queries, heads, head_dim]
//   keys, values          1 to 8 tensors [batch, tokens_e, heads, head_dim]
//   router_probabilities  [batch, contexts]
//   scale                 1 / sqrt(head_dim) if absent
//
// Returns a tensor like query. Any strides, nothing is copied; float32, float64 or bfloat16, on a GPU float16
// too (both accumulated in float32), one type and one device for all. Differentiable once in every tensor.
DSVLM_EXPORT at::Tensor moe_cross_attention(
    const at::Tensor& query, const std::vector<at::Tensor>& keys, const std::vector<at::Tensor>& values,
    const at::Tensor& router_probabilities, std::optional<double> scale = std::nullopt);

}  // namespace dsvlm
