/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/export.h"

namespace dsvlm {

// The next token's logits, [batch, vocabulary], in float32 at least, of a decoder of the Llama family that is
// given one token of each record, and its cache, which the token's keys and values are added to.
//
// ids, starts: int64 [batch]; a record's positions count from its start in the cache, and it sees nothing before.
// weights: the embedding table; nine of each layer (input norm; q, k, v, o; norm; gate, up, down); norm, head.
// biases: none, or seven of each layer (q, k, v, o, gate, up, down), without elements where there is none.
// cache: keys and values of each layer, [batch, key_heads, capacity, head_dim], `length` tokens of them taken.
// cos, sin: of the angles of all positions, [positions, head_dim].
// For the CPU, and without gradients.
DSVLM_EXPORT at::Tensor llama_decode(
    const at::Tensor& ids, at::TensorList weights, at::TensorList biases, at::TensorList cache, const at::Tensor& cos,
    const at::Tensor& sin, const at::Tensor& starts, int64_t length, int64_t heads, double eps);

}  // namespace dsvlm
