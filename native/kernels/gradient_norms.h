/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Euclidean norm of each of any number of tensors, in one pass over their memory. Squares are added in double
// precision, so that no float overflows and the order does not show.
#pragma once

#include "kernels/tensor_view.h"

namespace dsvlm {

struct NormTensor {
  DType dtype;
  const void* data;  // contiguous
  int64_t size;
};

struct NormsForward {
  const NormTensor* tensors;  // in host memory
  int64_t count;
  double* norms;  // [count], where the tensors are
};

namespace cpu {
void gradient_norms_forward(const NormsForward& arguments);
}  // namespace cpu

}  // namespace dsvlm
