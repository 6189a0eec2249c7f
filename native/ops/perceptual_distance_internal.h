/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// What the devices share: outputs are made here, the kernel fills them.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <array>
#include <tuple>

#include "kernels/perceptual_distance.h"
#include "ops/views.h"

namespace dsvlm {

using PerceptualForwardSignature = at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&);

using PerceptualBackwardResult = std::tuple<at::Tensor, at::Tensor, at::Tensor>;
using PerceptualBackwardSignature = PerceptualBackwardResult(
    const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Tensor&, std::array<bool, 3>);

// Kernels walk along the positions of a channel, so those must follow one another; a map that is laid out
// otherwise (channels last) is copied.
inline at::Tensor planar(const at::Tensor& map) {
  return map.stride(3) == 1 && map.stride(2) == map.size(3) ? map : map.contiguous();
}

inline PerceptualProblem perceptual_problem(
    const at::Tensor& features, const at::Tensor& target, const at::Tensor& weights) {
  PerceptualProblem p{};
  p.dtype = dtype_of(features);
  p.batch = features.size(0);
  p.channels = features.size(1);
  p.positions = features.size(2) * features.size(3);
  p.features = {features.const_data_ptr(), {features.stride(0), features.stride(1), 1, 0}};
  p.target = {target.const_data_ptr(), {target.stride(0), target.stride(1), 1, 0}};
  p.weights = weights.const_data_ptr();
  return p;
}

inline at::Tensor perceptual_forward_output(const at::Tensor& features) {
  return at::zeros_symint({features.sym_size(0)}, features.options().dtype(accumulator_of(features)));
}

// A gradient of each that is wanted.
inline PerceptualBackwardResult perceptual_backward_outputs(
    const at::Tensor& features, const at::Tensor& target, const at::Tensor& weights, std::array<bool, 3> wanted) {
  // Without elements nothing is written, and nothing flows back.
  const bool empty = features.sym_numel() == 0;
  const auto make = [empty](bool is_wanted, const at::Tensor& like) {
    return !is_wanted ? at::Tensor()
           : empty    ? at::zeros_like(like, like.options(), at::MemoryFormat::Contiguous)
                      : at::empty_like(like, like.options(), at::MemoryFormat::Contiguous);
  };
  return {make(wanted[0], features), make(wanted[1], target), make(wanted[2], weights)};
}

inline at::Tensor perceptual_forward_with(
    void (*kernel)(const PerceptualForward&), const at::Tensor& features, const at::Tensor& target,
    const at::Tensor& weights) {
  at::Tensor output = perceptual_forward_output(features);
  if (features.numel() > 0) {
    const at::Tensor f = planar(features), t = planar(target), w = weights.contiguous();
    kernel({perceptual_problem(f, t, w), output.mutable_data_ptr()});
  }
  return output;
}

inline PerceptualBackwardResult perceptual_backward_with(
    void (*kernel)(const PerceptualBackward&), const at::Tensor& grad, const at::Tensor& features,
    const at::Tensor& target, const at::Tensor& weights, std::array<bool, 3> wanted) {
  auto [grad_features, grad_target, grad_weights] = perceptual_backward_outputs(features, target, weights, wanted);
  if (features.numel() > 0) {
    const at::Tensor f = planar(features), t = planar(target), w = weights.contiguous();
    const at::Tensor upstream = grad.contiguous();
    kernel(
        {perceptual_problem(f, t, w), upstream.const_data_ptr(), data_or_null(grad_features), data_or_null(grad_target),
         data_or_null(grad_weights)});
  }
  return {grad_features, grad_target, grad_weights};
}

}  // namespace dsvlm
