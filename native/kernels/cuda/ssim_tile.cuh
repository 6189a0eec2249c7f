/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// What value and gradients of kernels/ssim.h share: the window, tiles of pixels, moments, similarity.
//
// A tile of pixels lies in shared memory with a halo. It is filtered along the width, five moments in one
// pass, into shared memory again; filtering along the height gives the moments at a point.
#pragma once

#include <cmath>

#include "kernels/cuda/reduce.cuh"
#include "kernels/ssim.h"

namespace dsvlm::cuda {

constexpr int kTileHeight = 16, kTileWidth = 32;
constexpr int kHalo = kSsimWindow - 1;
constexpr int kMoments = 5;  // E[x], E[y], E[x^2], E[y^2], E[xy]

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

__host__ __device__ inline int64_t map_height(const SsimProblem& p) {
  return p.height + 2 * (p.padding - kSsimRadius);
}
__host__ __device__ inline int64_t map_width(const SsimProblem& p) { return p.width + 2 * (p.padding - kSsimRadius); }

// The block's tile: its first row and column, and the plane that it lies in.
struct TilePlace {
  int64_t plane, row, column;

  static int64_t per_plane(int64_t height, int64_t width) {
    return ceil_div(height, kTileHeight) * ceil_div(width, kTileWidth);
  }

  __device__ TilePlace(int64_t height, int64_t width) {
    const int64_t across = ceil_div(width, kTileWidth), down = ceil_div(height, kTileHeight);
    plane = blockIdx.x / (across * down);
    row = blockIdx.x / across % down * kTileHeight;
    column = blockIdx.x % across * kTileWidth;
  }
};

// to[i][j] = pixel (row + i, column + j), or zero outside the picture.
template <typename T, int ROWS, int COLUMNS>
__device__ void load_pixels(
    Accumulator<T>* to, const SsimProblem& p, const Strided4& picture, int64_t plane, int64_t row, int64_t column) {
  const T* from = static_cast<const T*>(picture.data) + plane / p.channels * picture.stride[0] +
                  plane % p.channels * picture.stride[1];
  for (int i = threadIdx.x; i < ROWS * COLUMNS; i += kThreads) {
    const int64_t r = row + i / COLUMNS, c = column + i % COLUMNS;
    const bool inside = r >= 0 && r < p.height && c >= 0 && c < p.width;
    to[i] = inside ? load(from[r * picture.stride[2] + c * picture.stride[3]]) : Accumulator<T>(0);
  }
}

// moments[m][i][j] over the windows of row i that start at column j; x and y are COLUMNS + 10 wide.
template <int ROWS, int COLUMNS, typename A>
__device__ void filter_width(A* moments, const A* x, const A* y, const Gaussian<A>& window) {
  for (int i = threadIdx.x; i < ROWS * COLUMNS; i += kThreads) {
    const int start = i / COLUMNS * (COLUMNS + kHalo) + i % COLUMNS;
    A sums[kMoments] = {};
#pragma unroll
    for (int k = 0; k < kSsimWindow; ++k) {
      const A a = x[start + k], b = y[start + k];
      const A weighted_a = window.weight[k] * a, weighted_b = window.weight[k] * b;
      sums[0] += weighted_a;
      sums[1] += weighted_b;
      sums[2] += weighted_a * a;
      sums[3] += weighted_b * b;
      sums[4] += weighted_a * b;
    }
#pragma unroll
    for (int m = 0; m < kMoments; ++m) {
      moments[m * ROWS * COLUMNS + i] = sums[m];
    }
  }
}

// Sum over the window of column elements that starts at from.
template <int COLUMNS, typename A>
__device__ A filter_height(const A* from, const Gaussian<A>& window) {
  A sum = 0;
#pragma unroll
  for (int k = 0; k < kSsimWindow; ++k) {
    sum += window.weight[k] * from[k * COLUMNS];
  }
  return sum;
}

// Similarity at one point as a1 a2 / (b1 b2). Variances are never negative; where rounding makes one so, it
// and the covariance count as 0. Derivatives ignore that: in exact arithmetic there is nothing to correct.
template <typename A>
struct Similarity {
  A mean_x, mean_y, a1, a2, b1, b2;

  // The moments of the windows that start at from, in maps of SIZE elements, COLUMNS wide.
  template <int COLUMNS, int SIZE>
  __device__ static Similarity at(const A* from, const Gaussian<A>& window, A c1, A c2) {
    A m[kMoments];
#pragma unroll
    for (int i = 0; i < kMoments; ++i) {
      m[i] = filter_height<COLUMNS>(from + i * SIZE, window);
    }
    A variance_x = m[2] - m[0] * m[0], variance_y = m[3] - m[1] * m[1], covariance = m[4] - m[0] * m[1];
    covariance = variance_x < 0 || variance_y < 0 ? 0 : covariance;
    variance_x = variance_x < 0 ? 0 : variance_x;
    variance_y = variance_y < 0 ? 0 : variance_y;
    return {m[0], m[1], 2 * m[0] * m[1] + c1, 2 * covariance + c2, m[0] * m[0] + m[1] * m[1] + c1,
            variance_x + variance_y + c2};
  }

  __device__ A value() const { return a1 * a2 / (b1 * b2); }
};

}  // namespace dsvlm::cuda
