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
  return {dtype_of(input),      input.size(0),          input.size(1),           groups,
          input.numel() / rows, input.const_data_ptr(), weight.const_data_ptr(), bias.const_data_ptr()};
}

inline GroupNormSiluForwardResult group_norm_silu_forward_outputs(const at::Tensor& input, int64_t groups) {
  const auto options = input.options().dtype(accumulator_of(input));
  return {
      at::empty_like(input, input.options(), at::MemoryFormat::Contiguous),
      at::empty_symint({input.sym_size(0), groups}, options), at::empty_symint({input.sym_size(0), groups}, options)};
}

// A gradient of each that is wanted.
inline GroupNormSiluBackwardResult group_norm_silu_backward_outputs(
    const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias, std::array<bool, 3> wanted) {
  // Without elements nothing is written, and nothing flows back.
  const bool empty = input.sym_numel() == 0;
  const auto make = [empty](bool is_wanted, const at::Tensor& like) {
    return !is_wanted ? at::Tensor()
           : empty    ? at::zeros_like(like, like.options(), at::MemoryFormat::Contiguous)
                      : at::empty_like(like, like.options(), at::MemoryFormat::Contiguous);
  };
  return {make(wanted[0], input), make(wanted[1], weight), make(wanted[2], bias)};
}

inline GroupNormSiluForwardResult group_norm_silu_forward_with(
    void (*kernel)(const GroupNormSiluForward&), const at::Tensor& input, const at::Tensor& weight,
    const at::Tensor& bias, int64_t groups, double eps) {
  auto [output, mean, inverse_deviation] = group_norm_silu_forward_outputs(input, groups);
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
  auto [grad_input, grad_weight, grad_bias] = group_norm_silu_backward_outputs(input, weight, bias, wanted);
  if (input.numel() > 0) {
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
