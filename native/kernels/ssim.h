/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Structural similarity S of picture pairs, per sample: 11 x 11 Gaussian window (sigma 1.5), mean over the map
// and the channels. Beside it, in the same pass, the mean absolute difference of the pixels:
//
//   output = constant + similarity * mean S + difference * mean |x - y|
#pragma once

#include "kernels/tensor_view.h"

namespace dsvlm {

constexpr int kSsimRadius = 5;
constexpr int kSsimWindow = 2 * kSsimRadius + 1;

struct SsimTerms {
  double constant = 0, similarity = 1, difference = 0;
};

struct SsimProblem {
  DType dtype;
  SsimTerms terms;
  int64_t batch, channels, height, width;
  // Zeros around the picture: kSsimRadius gives a map of its size, 0 a map that ends where the window would
  // leave, (height - 10) x (width - 10).
  int64_t padding;
  double c1, c2;
  Strided4 x, y;  // [batch, channels, height, width]
};

struct SsimForward {
  SsimProblem problem;
  void* output;  // [batch], in the accumulation type
  // The gradient of each sample's value, shaped like the pictures, contiguous, in the accumulation type; null
  // where it is not asked for.
  void* grad_x;
  void* grad_y;
};

namespace cpu {
void ssim_forward(const SsimForward& arguments);
}  // namespace cpu

}  // namespace dsvlm
