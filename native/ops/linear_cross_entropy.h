/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/export.h"

namespace dsvlm {

// Mean cross entropy of linear(hidden_states, weight) with labels, without all logits in memory at a time.
// hidden_states [rows, width], weight [classes, width], labels int64 [rows], each of them a class. Returns a
// number; float32 for shorter types. Any strides, any device; differentiable once in hidden_states and weight.
// chunk_rows: rows whose logits are in memory together; 0 chooses them by the number of classes.
DSVLM_EXPORT at::Tensor linear_cross_entropy(
    const at::Tensor& hidden_states, const at::Tensor& weight, const at::Tensor& labels, int64_t chunk_rows = 0);

}  // namespace dsvlm
