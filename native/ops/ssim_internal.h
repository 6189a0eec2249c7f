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

using SsimForwardSignature = at::Tensor(const at::Tensor&, const at::Tensor&, bool, double);

using SsimBackwardResult = std::tuple<at::Tensor, at::Tensor>;
using SsimBackwardSignature = SsimBackwardResult(
    const at::Tensor&, const at::Tensor&, const at::Tensor&, bool, double, std::array<bool, 2>);

inline SsimProblem ssim_problem(const at::Tensor& x, const at::Tensor& y, bool same, double data_range) {
  SsimProblem p{};
  p.dtype = dtype_of(x);
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

inline at::Tensor ssim_forward_with(
    void (*kernel)(const SsimForward&), const at::Tensor& x, const at::Tensor& y, bool same, double data_range) {
  at::Tensor output = at::zeros({x.size(0)}, x.options().dtype(accumulator_of(x)));
  if (x.numel() > 0) {
    kernel({ssim_problem(x, y, same, data_range), output.mutable_data_ptr()});
  }
  return output;
}

inline SsimBackwardResult ssim_backward_with(
    void (*kernel)(const SsimBackward&), const at::Tensor& grad, const at::Tensor& x, const at::Tensor& y, bool same,
    double data_range, std::array<bool, 2> wanted) {
  const auto make = [&](bool is_wanted) {
    return is_wanted ? at::empty_like(x, x.options(), at::MemoryFormat::Contiguous) : at::Tensor();
  };
  at::Tensor grad_x = make(wanted[0]), grad_y = make(wanted[1]);
  if (x.numel() > 0) {
    const at::Tensor upstream = grad.contiguous();
    kernel({ssim_problem(x, y, same, data_range), upstream.const_data_ptr(), data_or_null(grad_x), data_or_null(grad_y)});
  }
  return {grad_x, grad_y};
}

}  // namespace dsvlm
