/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Backward operators are not differentiable themselves; asking for it is an error, not a silent zero.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <c10/util/Exception.h>

namespace dsvlm {

inline bool needs_grad(const at::Tensor& tensor) { return tensor.defined() && tensor.requires_grad(); }

inline bool needs_grad(at::TensorList tensors) {
  for (const at::Tensor& tensor : tensors) {
    if (needs_grad(tensor)) {
      return true;
    }
  }
  return false;
}

constexpr const char* kNoSecondDerivative =
    ": has no second derivative; do not differentiate through its gradient (create_graph)";

template <typename... Tensors>
void refuse_double_backward(const char* op, const Tensors&... tensors) {
  TORCH_CHECK(!(at::GradMode::is_enabled() && (needs_grad(tensors) || ...)), op, kNoSecondDerivative);
}

// In a backward that scales a kept gradient, which is no function of the inputs any more.
inline void refuse_double_backward_of_kept_gradient(const char* op) {
  TORCH_CHECK(!at::GradMode::is_enabled(), op, kNoSecondDerivative);
}

}  // namespace dsvlm
