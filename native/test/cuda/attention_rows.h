/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// The equations of kernels/moe_cross_attention.h in float64, row by row, and how far from them rounding leads.
#pragma once

#include <vector>

#include "case.h"
#include "kernels/moe_cross_attention.h"
#include "tensors.h"

namespace dsvlm::check {

struct AttentionRows {
  BoundedRows context_outputs, grad_query, grad_router;  // elements, rows, elements
  std::vector<BoundedRows> grad_keys, grad_values;
};

// Of a problem whose tensors are float64, which is computed in `type`. The rows' terms are those of `kept`, the
// outputs that the forward kept, and not exact ones: a difference that the forward made, and answers for, does not
// count as the backward's. Null where nothing is kept.
AttentionRows attention_rows(const MoeProblem& p, const Strided4& grad_output, DType type, const Tensor* kept);

}  // namespace dsvlm::check
