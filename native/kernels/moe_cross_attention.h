/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Attention of one set of queries to several contexts, mixed by a router:
//
//   out[b,n,h] = sum_e P[b,e] * softmax_t(scale * q[b,n,h] . k_e[b,t,h]) v_e[b,t,h]
//
// The forward keeps, for each context, the logarithm of the sum of exponentials; the backward computes
// the scores again from it, so no queries x tokens matrix is ever in memory. On a GPU and in 16-bit types it also keeps
// what each context alone gives, out_e: the term of a row that the gradient of its scores needs is g . out_e.
#pragma once

#include "kernels/tensor_view.h"

namespace dsvlm {

constexpr int kMaxExperts = 8;

// Everything is laid out [batch, tokens or queries, heads, head_dim] with strides of its own.
struct MoeProblem {
  DType dtype;
  int64_t batch, queries, heads, head_dim;
  int experts;
  int64_t tokens[kMaxExperts];
  double scale;
  Strided4 query;
  Strided4 keys[kMaxExperts];
  Strided4 values[kMaxExperts];
  const void* router;  // [batch, experts]
  int64_t router_stride[2];
};

struct MoeForward {
  MoeProblem problem;
  void* output;  // contiguous
  // [batch, experts, heads, queries] in the accumulation type, to the base that suits the device, which alone
  // reads it; null: not kept.
  void* logsumexp;
  // [batch, experts, queries, heads, head_dim], contiguous, in the problem's type; null: not kept.
  void* context_outputs;
};

// Whether the GPU's backward of the type needs them. That of wider types goes through each context twice.
inline bool keeps_context_outputs(DType dtype) { return dtype == DType::bf16 || dtype == DType::f16; }

struct MoeBackward {
  MoeProblem problem;
  Strided4 grad_output;
  const void* logsumexp;
  const void* context_outputs;  // of the forward
  // All contiguous.
  void* grad_query;
  void* grad_keys[kMaxExperts];
  void* grad_values[kMaxExperts];
  void* grad_router;  // [batch, experts]
};

namespace cpu {
void moe_cross_attention_forward(const MoeForward& arguments);
void moe_cross_attention_backward(const MoeBackward& arguments);
}  // namespace cpu

}  // namespace dsvlm
