/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// What the devices share: outputs are made here, the kernel fills them.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>

#include <tuple>

#include "kernels/ssim.h"
#include "ops/views.h"

namespace dsvlm {

// The values, and the gradients of each by its pictures where they are wanted. The array of numbers is SsimTerms.
using SsimForwardResult = std::tuple<at::Tensor, at::Tensor, at::Tensor>;
using SsimForwardSignature =
    SsimForwardResult(const at::Tensor&, const at::Tensor&, bool, double, at::ArrayRef<double>, std::array<bool, 2>);

inline SsimProblem ssim_problem(
    const at::Tensor& x, const at::Tensor& y, bool same, double data_range, at::ArrayRef<double> terms) {
  SsimProblem p{};
  p.dtype = dtype_of(x);
  p.terms = {terms[0], terms[1], terms[2]};
  p.batch = x.size(0);
  p.channels = x.size(1);
  p.height = x.size(2);
  p.width = x.size(3);
  p.padding = same ? kSsimRadius : 0;
  p.c1 = 0.01 * data_range * (0.01 * data_range);
  p.c2 = 0.03 * data_range * (0.03 * data_range);
  p.x = view_of(x);
  p.y = view_of(y);
  return p;
}

inline SsimForwardResult ssim_forward_outputs(const at::Tensor& x, std::array<bool, 2> wanted) {
  const auto options = x.options().dtype(accumulator_of(x));
  const auto gradient = [&](bool is_wanted) {
    return is_wanted ? at::empty_like(x, options, at::MemoryFormat::Contiguous) : at::Tensor();
  };
  return {at::zeros_symint({x.sym_size(0)}, options), gradient(wanted[0]), gradient(wanted[1])};
}

inline SsimForwardResult ssim_forward_with(
    void (*kernel)(const SsimForward&), const at::Tensor& x, const at::Tensor& y, bool same, double data_range,
    at::ArrayRef<double> terms, std::array<bool, 2> wanted) {
  auto [output, grad_x, grad_y] = ssim_forward_outputs(x, wanted);
  if (x.numel() > 0) {
    kernel(
        {ssim_problem(x, y, same, data_range, terms), output.mutable_data_ptr(), data_or_null(grad_x),
         data_or_null(grad_y)});
  }
  return {output, grad_x, grad_y};
}

}  // namespace dsvlm
