/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// From LibTorch's tensors to what kernels take.
#pragma once

#include <ATen/core/Tensor.h>

#include "kernels/tensor_view.h"

namespace dsvlm {

inline DType dtype_of(const at::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case at::kDouble:
      return DType::f64;
    case at::kBFloat16:
      return DType::bf16;
    case at::kHalf:
      return DType::f16;
    default:
      return DType::f32;
  }
}

inline at::ScalarType accumulator_of(const at::Tensor& tensor) {
  return tensor.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
}

inline Strided4 view_of(const at::Tensor& tensor) {
  return {tensor.const_data_ptr(), {tensor.stride(0), tensor.stride(1), tensor.stride(2), tensor.stride(3)}};
}

// A gradient that no one asked for has no memory.
inline void* data_or_null(const at::Tensor& tensor) { return tensor.defined() ? tensor.mutable_data_ptr() : nullptr; }

}  // namespace dsvlm
