/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// What the devices share of group normalisation and SiLU: from tensors to the kernels' arguments.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>

#include <array>
#include <tuple>

#include "kernels/group_norm_silu.h"
#include "ops/views.h"

namespace dsvlm {

// Output, mean and inverse deviation.
using GroupNormSiluForwardResult = std::tuple<at::Tensor, at::Tensor, at::Tensor>;
using GroupNormSiluForwardSignature =
    GroupNormSiluForwardResult(const at::Tensor&, const at::Tensor&, const at::Tensor&, int64_t, double);

using GroupNormSiluBackwardResult = std::tuple<at::Tensor, at::Tensor, at::Tensor>;
using GroupNormSiluBackwardSignature = GroupNormSiluBackwardResult(
    const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Tensor&,
    std::array<bool, 3>);

// All contiguous.
inline GroupNormSiluProblem group_norm_silu_problem(
    const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias, int64_t groups) {
  const int64_t rows = input.size(0) * input.size(1);
  return {
      dtype_of(input), input.size(0), input.size(1), groups, input.numel() / rows, input.const_data_ptr(),
      weight.const_data_ptr(), bias.const_data_ptr()};
}

inline GroupNormSiluForwardResult group_norm_silu_forward_with(
    void (*kernel)(const GroupNormSiluForward&), const at::Tensor& input, const at::Tensor& weight,
    const at::Tensor& bias, int64_t groups, double eps) {
  const auto options = input.options().dtype(accumulator_of(input));
  at::Tensor output = at::empty_like(input, input.options(), at::MemoryFormat::Contiguous);
  at::Tensor mean = at::empty({input.size(0), groups}, options);
  at::Tensor inverse_deviation = at::empty({input.size(0), groups}, options);
  if (input.numel() > 0) {
    const at::Tensor x = input.contiguous(), w = weight.contiguous(), b = bias.contiguous();
    kernel(
        {group_norm_silu_problem(x, w, b, groups), eps, output.mutable_data_ptr(), mean.mutable_data_ptr(),
         inverse_deviation.mutable_data_ptr()});
  }
  return {output, mean, inverse_deviation};
}

inline GroupNormSiluBackwardResult group_norm_silu_backward_with(
    void (*kernel)(const GroupNormSiluBackward&), const at::Tensor& grad, const at::Tensor& input,
    const at::Tensor& weight, const at::Tensor& bias, const at::Tensor& mean, const at::Tensor& inverse_deviation,
    std::array<bool, 3> wanted) {
  const bool empty = input.numel() == 0;
  const auto make = [empty](bool is_wanted, const at::Tensor& like) {
    return !is_wanted ? at::Tensor()
           : empty    ? at::zeros_like(like, like.options(), at::MemoryFormat::Contiguous)
                      : at::empty_like(like, like.options(), at::MemoryFormat::Contiguous);
  };
  at::Tensor grad_input = make(wanted[0], input), grad_weight = make(wanted[1], weight);
  at::Tensor grad_bias = make(wanted[2], bias);
  if (!empty) {
    const at::Tensor x = input.contiguous(), w = weight.contiguous(), b = bias.contiguous();
    const at::Tensor upstream = grad.contiguous();
    kernel(
        {group_norm_silu_problem(x, w, b, mean.size(1)), upstream.const_data_ptr(), mean.const_data_ptr(),
         inverse_deviation.const_data_ptr(), data_or_null(grad_input), data_or_null(grad_weight),
         data_or_null(grad_bias)});
  }
  return {grad_input, grad_weight, grad_bias};
}

}  // namespace dsvlm
