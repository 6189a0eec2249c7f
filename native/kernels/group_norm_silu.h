/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Group normalisation (Wu and He 2018) and SiLU, the start of every residual block of a UNet and an autoencoder.
// Over the channels and positions of a group, with n of them:
//
//   u = (x - mean) / sqrt(variance + eps)      y = w_c u + b_c      out = y sigmoid(y)
//
// Backward, with dy = g sigmoid(y) (1 + y (1 - sigmoid(y))) and sums over the group:
//
//   dx = (w_c dy - sum(w dy) / n - u sum(w dy u) / n) / sqrt(variance + eps)
//   dw_c = sum(dy u), db_c = sum(dy) over batch and positions
#pragma once

#include "kernels/tensor_view.h"

namespace dsvlm {

struct GroupNormSiluProblem {
  DType dtype;
  int64_t batch, channels, groups, positions;
  const void* input;          // [batch, channels, positions], contiguous
  const void *weight, *bias;  // [channels]
};

struct GroupNormSiluForward {
  GroupNormSiluProblem problem;
  double eps;
  void* output;  // like input
  // [batch, groups], in the accumulation type.
  void *mean, *inverse_deviation;
};

struct GroupNormSiluBackward {
  GroupNormSiluProblem problem;
  const void* grad_output;  // like input
  const void *mean, *inverse_deviation;
  // Null where it is not asked for.
  void *grad_input, *grad_weight, *grad_bias;
};

namespace cpu {
void group_norm_silu_forward(const GroupNormSiluForward& arguments);
void group_norm_silu_backward(const GroupNormSiluBackward& arguments);
}  // namespace cpu

}  // namespace dsvlm
