/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// One step of AdamW (Loshchilov and Hutter 2019) on any number of tensors, in one pass over their memory:
//
//   g = scale * gradient        m += (1 - beta1) (g - m)        v = beta2 v + (1 - beta2) g^2
//   p = (1 - lr * decay) p - lr / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t)) + eps)
//
// where t counts the steps of the tensor. A parameter of 16 bits may have a master of 32: then the master is the
// parameter here, and its rounding is written in the same pass.
#pragma once

#include "kernels/tensor_view.h"

namespace dsvlm {

// All contiguous, of `size` elements.
struct AdamWTensor {
  DType dtype;           // of parameter, exp_avg and exp_avg_sq
  DType gradient_dtype;  // the same, or bf16 beside f32
  void* parameter;
  const void* gradient;
  void* exp_avg;
  void* exp_avg_sq;
  void* rounded;  // bf16, or null
  int64_t size;
  // Of this step t: lr / (1 - beta1^t) and 1 / sqrt(1 - beta2^t).
  double step_size, inverse_root_correction;
};

struct AdamWStep {
  const AdamWTensor* tensors;  // in host memory
  int64_t count;
  double decay;  // 1 - lr * weight_decay
  double beta1, beta2, eps;
  const double* gradient_scale;  // one number where the tensors are, or null for 1
};

namespace cpu {
void adamw_update(const AdamWStep& arguments);
}  // namespace cpu

}  // namespace dsvlm
