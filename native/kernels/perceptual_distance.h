/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// One layer of LPIPS per sample: with u = f / (|f| + eps) and v = t / (|t| + eps) over the channels,
//
//   out[b] = mean_p sum_c w_c (u_cp - v_cp)^2
//
// Positions whose channels are all zero have the direction 0 and get no gradient.
#pragma once

#include "kernels/tensor_view.h"

namespace dsvlm {

constexpr double kPerceptualEpsilon = 1e-10;

struct PerceptualProblem {
  DType dtype;
  int64_t batch, channels, positions;
  // [batch, channels, positions, 1]: positions follow one another, batch and channels are strided.
  Strided4 features, target;
  const void* weights;  // [channels], contiguous
};

struct PerceptualForward {
  PerceptualProblem problem;
  void* output;  // [batch], in the accumulation type
};

struct PerceptualBackward {
  PerceptualProblem problem;
  const void* grad_output;  // [batch], contiguous, in the accumulation type
  // Contiguous, or null where it is not asked for.
  void* grad_features;
  void* grad_target;
  void* grad_weights;
};

namespace cpu {
void perceptual_distance_forward(const PerceptualForward& arguments);
void perceptual_distance_backward(const PerceptualBackward& arguments);
}  // namespace cpu

}  // namespace dsvlm
