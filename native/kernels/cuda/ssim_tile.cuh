/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// What a block of ssim.cu works on: its tile, the window, filters along lines, the similarity at a point.
#pragma once

#include <cmath>

#include "kernels/cuda/reduce.cuh"
#include "kernels/ssim.h"

namespace dsvlm::cuda {

constexpr int kHalo = kSsimWindow - 1;

template <typename A>
struct Gaussian {
  A weight[kSsimWindow];

  Gaussian() {
    double exact[kSsimWindow], sum = 0;
    for (int i = 0; i < kSsimWindow; ++i) {
      const double distance = i - kSsimRadius;
      exact[i] = std::exp(-distance * distance / (2 * 1.5 * 1.5));
      sum += exact[i];
    }
    for (int i = 0; i < kSsimWindow; ++i) {
      weight[i] = static_cast<A>(exact[i] / sum);
    }
  }
};

__host__ __device__ inline int64_t map_height(const SsimProblem& p) { return p.height + 2 * (p.padding - kSsimRadius); }
__host__ __device__ inline int64_t map_width(const SsimProblem& p) { return p.width + 2 * (p.padding - kSsimRadius); }

// A block owns ROWS x COLUMNS pixels, and the points whose windows have their middle there. GRADIENTS: it also
// computes the points around them that see the pixels. Sizes in shared memory have odd strides, so that the
// threads of a warp, in rows next to each other, meet different banks.
template <int ROWS, bool GRADIENTS>
struct SsimTile {
  static constexpr bool kGradients = GRADIENTS;
  static constexpr int kRows = ROWS, kColumns = 32;
  // How far points, and pixels that they see, reach beyond the tile on each side.
  static constexpr int kPointMargin = GRADIENTS ? kSsimRadius : 0, kPixelMargin = kPointMargin + kSsimRadius;

  static constexpr int kPointRows = kRows + 2 * kPointMargin, kPointColumns = kColumns + 2 * kPointMargin;
  static constexpr int kPixelRows = kRows + 2 * kPixelMargin, kPixelColumns = kColumns + 2 * kPixelMargin;
  static constexpr int kPixelStride = kPixelColumns + 1, kPointStride = kPointColumns + 1, kStride = kColumns + 1;
  static constexpr int kPixels = kPixelRows * kPixelStride;
  static constexpr int kMoments = kPixelRows * kPointStride;  // of one kind, filtered along rows
  static constexpr int kPoints = kPointRows * kPointStride;
  static constexpr int kFiltered = kPointRows * kStride;  // derivatives of one kind, filtered along rows
  static_assert(kFiltered <= kMoments, "derivatives take the place of the moments");

  // Elements of shared memory: sum and difference of the pictures, their four moments, four derivatives.
  static constexpr int kElements = 2 * kPixels + 4 * kMoments + (GRADIENTS ? 4 * kPoints : 0);

  // The block's plane and first pixel.
  int64_t plane, row, column;

  static int64_t per_plane(const SsimProblem& p) { return ceil_div(p.height, kRows) * ceil_div(p.width, kColumns); }

  __device__ explicit SsimTile(const SsimProblem& p) {
    const int64_t across = ceil_div(p.width, kColumns), down = ceil_div(p.height, kRows);
    plane = blockIdx.x / (across * down);
    row = blockIdx.x / across % down * kRows;
    column = blockIdx.x % across * kColumns;
  }
};

// sums[k] = window over the elements from[k * STEP], from[(k + 1) * STEP], ...; with squares also that of their
// squares.
template <int RUN, int STEP, typename A>
__device__ void filter(A (&sums)[RUN], const A* from, const Gaussian<A>& window) {
#pragma unroll
  for (int k = 0; k < RUN; ++k) {
    sums[k] = 0;
  }
#pragma unroll
  for (int i = 0; i < RUN + kHalo; ++i) {
    const A value = from[i * STEP];
#pragma unroll
    for (int k = 0; k < RUN; ++k) {
      if (i >= k && i < k + kSsimWindow) {
        sums[k] += window.weight[i - k] * value;
      }
    }
  }
}

template <int RUN, typename A>
__device__ void filter_with_squares(A (&sums)[RUN], A (&squares)[RUN], const A* from, const Gaussian<A>& window) {
#pragma unroll
  for (int k = 0; k < RUN; ++k) {
    sums[k] = squares[k] = 0;
  }
#pragma unroll
  for (int i = 0; i < RUN + kHalo; ++i) {
    const A value = from[i], square = value * value;
#pragma unroll
    for (int k = 0; k < RUN; ++k) {
      if (i >= k && i < k + kSsimWindow) {
        sums[k] += window.weight[i - k] * value;
        squares[k] += window.weight[i - k] * square;
      }
    }
  }
}

// The similarity at a point by the moments of s = x + y and d = x - y, and half its derivatives by them:
// 4 mean(x) mean(y) = mean(s)^2 - mean(d)^2 and 2 mean(x)^2 + 2 mean(y)^2 = mean(s)^2 + mean(d)^2, and so with the
// variances. Those are never negative; where rounding makes one so, it counts as 0. Derivatives ignore that: in exact
// arithmetic there is nothing to correct.
template <typename A>
struct Similarity {
  A value, by_mean_s, by_mean_d, by_square_s, by_square_d;

  __device__ Similarity(A mean_s, A mean_d, A square_s, A square_d, A c1, A c2) {
    const A mean_ss = mean_s * mean_s, mean_dd = mean_d * mean_d;
    A variance_s = square_s - mean_ss, variance_d = square_d - mean_dd;
    variance_s = variance_s < 0 ? 0 : variance_s;
    variance_d = variance_d < 0 ? 0 : variance_d;
    const A a1 = mean_ss - mean_dd + 2 * c1, b1 = mean_ss + mean_dd + 2 * c1;
    const A a2 = variance_s - variance_d + 2 * c2, b2 = variance_s + variance_d + 2 * c2;
    const A inverse = 1 / (b1 * b2);
    const A by_a1 = a2 * inverse, by_a2 = a1 * inverse;
    value = a1 * by_a1;
    const A by_b1 = value * b2 * inverse, by_b2 = value * b1 * inverse;
    const A twice_by_square_s = by_a2 - by_b2, twice_by_square_d = -by_a2 - by_b2;
    by_mean_s = mean_s * (by_a1 - by_b1 - twice_by_square_s);
    by_mean_d = mean_d * (-by_a1 - by_b1 - twice_by_square_d);
    by_square_s = twice_by_square_s / 2;
    by_square_d = twice_by_square_d / 2;
  }
};

}  // namespace dsvlm::cuda
