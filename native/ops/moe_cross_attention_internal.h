/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// What the devices share: outputs are made here, the kernel fills them.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>

#include <tuple>
#include <vector>

#include "kernels/moe_cross_attention.h"
#include "ops/views.h"

namespace dsvlm {

using MoeForwardResult = std::tuple<at::Tensor, at::Tensor, at::Tensor>;
using MoeForwardSignature =
    MoeForwardResult(const at::Tensor&, at::TensorList, at::TensorList, const at::Tensor&, double, bool);

using MoeBackwardResult = std::tuple<at::Tensor, std::vector<at::Tensor>, std::vector<at::Tensor>, at::Tensor>;
using MoeBackwardSignature = MoeBackwardResult(
    const at::Tensor&, const at::Tensor&, at::TensorList, at::TensorList, const at::Tensor&, const at::Tensor&,
    const at::Tensor&, double);

inline MoeProblem moe_problem(
    const at::Tensor& query, at::TensorList keys, at::TensorList values, const at::Tensor& router, double scale) {
  MoeProblem p{};
  p.dtype = dtype_of(query);
  p.batch = query.size(0);
  p.queries = query.size(1);
  p.heads = query.size(2);
  p.head_dim = query.size(3);
  p.experts = static_cast<int>(keys.size());
  p.scale = scale;
  p.query = view_of(query);
  for (size_t e = 0; e < keys.size(); ++e) {
    p.tokens[e] = keys[e].size(1);
    p.keys[e] = view_of(keys[e]);
    p.values[e] = view_of(values[e]);
  }
  p.router = router.const_data_ptr();
  p.router_stride[0] = router.stride(0);
  p.router_stride[1] = router.stride(1);
  return p;
}

inline at::Tensor empty_contiguous(const at::Tensor& like) {
  return at::empty_like(like, like.options(), at::MemoryFormat::Contiguous);
}

inline at::Tensor zeros_contiguous(const at::Tensor& like) {
  return at::zeros_like(like, like.options(), at::MemoryFormat::Contiguous);
}

inline MoeForwardResult moe_forward_outputs(const at::Tensor& query, at::TensorList keys, bool keep) {
  const auto experts = static_cast<int64_t>(keys.size());
  const int64_t kept = keep ? experts : 0;
  return {
      empty_contiguous(query),
      at::empty_symint(
          {query.sym_size(0), experts, query.sym_size(2), query.sym_size(1)},
          query.options().dtype(accumulator_of(query))),
      at::empty_symint(
          {query.sym_size(0), kept, query.sym_size(1), query.sym_size(2), query.sym_size(3)}, query.options())};
}

inline MoeBackwardResult moe_backward_outputs(
    at::Tensor (*make)(const at::Tensor&), const at::Tensor& query, at::TensorList keys, at::TensorList values,
    const at::Tensor& router) {
  std::vector<at::Tensor> grad_keys, grad_values;
  for (size_t e = 0; e < keys.size(); ++e) {
    grad_keys.push_back(make(keys[e]));
    grad_values.push_back(make(values[e]));
  }
  return {make(query), grad_keys, grad_values, make(router)};
}

inline MoeForwardResult moe_forward_with(
    void (*kernel)(const MoeForward&), const at::Tensor& query, at::TensorList keys, at::TensorList values,
    const at::Tensor& router, double scale, bool keep) {
  auto [output, logsumexp, context_outputs] = moe_forward_outputs(query, keys, keep);
  if (query.numel() > 0) {
    kernel(
        {moe_problem(query, keys, values, router, scale), output.mutable_data_ptr(), logsumexp.mutable_data_ptr(),
         keep ? context_outputs.mutable_data_ptr() : nullptr});
  }
  return {output, logsumexp, context_outputs};
}

inline MoeBackwardResult moe_backward_with(
    void (*kernel)(const MoeBackward&), const at::Tensor& grad, const at::Tensor& query, at::TensorList keys,
    at::TensorList values, const at::Tensor& router, const at::Tensor& logsumexp, const at::Tensor& context_outputs,
    double scale) {
  // Without queries nothing is written, and nothing flows back.
  const auto make = query.numel() > 0 ? empty_contiguous : zeros_contiguous;
  auto [grad_query, grad_keys, grad_values, grad_router] = moe_backward_outputs(make, query, keys, values, router);
  if (query.numel() > 0) {
    MoeBackward arguments{};
    arguments.problem = moe_problem(query, keys, values, router, scale);
    arguments.grad_output = view_of(grad);
    arguments.logsumexp = logsumexp.const_data_ptr();
    arguments.context_outputs = context_outputs.const_data_ptr();
    arguments.grad_query = grad_query.mutable_data_ptr();
    for (size_t e = 0; e < keys.size(); ++e) {
      arguments.grad_keys[e] = grad_keys[e].mutable_data_ptr();
      arguments.grad_values[e] = grad_values[e].mutable_data_ptr();
    }
    arguments.grad_router = grad_router.mutable_data_ptr();
    kernel(arguments);
  }
  return {grad_query, grad_keys, grad_values, grad_router};
}

}  // namespace dsvlm
