/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Gradients of kernels/ssim.h. With S = a1 a2 / (b1 b2) at a point of the map, the gradient of x at a pixel is
//
//   window(dS/dE[x]) + 2 x window(dS/dE[x^2]) + y window(dS/dE[xy])
//
// where window sums over the points that see the pixel. A block owns a tile of pixels. It computes the moments
// again at all points that see the tile, so that no map is in memory.
#include "kernels/cuda/launchers.h"
#include "kernels/cuda/ssim_tile.cuh"

namespace dsvlm::cuda {
namespace {

// Derivatives of the similarity by the moments; by E[x^2] and by E[y^2] they are the same.
constexpr int kByMeanX = 0, kByMeanY = 1, kBySquare = 2, kByProduct = 3, kDerivatives = 4;

constexpr int kPointRows = kTileHeight + kHalo, kPointColumns = kTileWidth + kHalo;
constexpr int kPixelRows = kPointRows + kHalo, kPixelColumns = kPointColumns + kHalo;
constexpr int kPixels = kPixelRows * kPixelColumns, kPoints = kPointRows * kPointColumns;
constexpr int kMomentSize = kPixelRows * kPointColumns, kFilteredSize = kPointRows * kTileWidth;

template <typename T>
constexpr int kBytes =
    (2 * kPixels + kMoments * kMomentSize + kDerivatives * kPoints) * static_cast<int>(sizeof(Accumulator<T>));

// to[d][i]: the derivatives at point i of the tile.
template <typename A>
__device__ void differentiate(A* to, int i, const Similarity<A>& s, A factor) {
  const A inverse = factor / (s.b1 * s.b2);
  const A value = s.a1 * s.a2 * inverse;
  const A by_variance = -value / s.b2, by_covariance = 2 * s.a1 * inverse;
  // By the means directly, then through variances and covariance, E[x^2] - E[x]^2 and so on.
  const A by_mean_product = 2 * s.a2 * inverse - by_covariance;
  const A by_mean_square = -2 * value / s.b1 - 2 * by_variance;
  to[kByMeanX * kPoints + i] = by_mean_product * s.mean_y + by_mean_square * s.mean_x;
  to[kByMeanY * kPoints + i] = by_mean_product * s.mean_x + by_mean_square * s.mean_y;
  to[kBySquare * kPoints + i] = by_variance;
  to[kByProduct * kPoints + i] = by_covariance;
}

template <typename T>
__global__ void __launch_bounds__(kThreads)
    differentiate_similarity(const __grid_constant__ SsimForward call, Gaussian<Accumulator<T>> window) {
  using A = Accumulator<T>;
  A* x = shared_memory<A>();
  A* y = x + kPixels;
  A* moments = y + kPixels;
  A* derivatives = moments + kMoments * kMomentSize;
  A* filtered = moments;  // the moments are done with by then

  const SsimProblem& p = call.problem;
  const TilePlace tile(p.height, p.width);
  load_pixels<T, kPixelRows, kPixelColumns>(x, p, p.x, tile.plane, tile.row - kHalo, tile.column - kHalo);
  load_pixels<T, kPixelRows, kPixelColumns>(y, p, p.y, tile.plane, tile.row - kHalo, tile.column - kHalo);
  __syncthreads();
  filter_width<kPixelRows, kPointColumns>(moments, x, y, window);
  __syncthreads();

  const A factor = 1 / static_cast<A>(p.channels * map_height(p) * map_width(p));
  const int64_t margin = kHalo - p.padding;  // of the map's first row or column, seen from the picture's
  for (int i = threadIdx.x; i < kPoints; i += kThreads) {
    const int64_t row = tile.row - margin + i / kPointColumns, column = tile.column - margin + i % kPointColumns;
    if (row >= 0 && row < map_height(p) && column >= 0 && column < map_width(p)) {
      differentiate(
          derivatives, i,
          Similarity<A>::template at<kPointColumns, kMomentSize>(moments + i, window, A(p.c1), A(p.c2)), factor);
    } else {
#pragma unroll
      for (int d = 0; d < kDerivatives; ++d) {
        derivatives[d * kPoints + i] = 0;
      }
    }
  }
  __syncthreads();
  for (int i = threadIdx.x; i < kFilteredSize; i += kThreads) {
    const A* from = derivatives + i / kTileWidth * kPointColumns + i % kTileWidth;
#pragma unroll
    for (int d = 0; d < kDerivatives; ++d) {
      filtered[d * kFilteredSize + i] = filter_height<1>(from + d * kPoints, window);
    }
  }
  __syncthreads();
  A* grad_x = static_cast<A*>(call.grad_x);
  A* grad_y = static_cast<A*>(call.grad_y);
  for (int i = threadIdx.x; i < kTileHeight * kTileWidth; i += kThreads) {
    const int64_t row = tile.row + i / kTileWidth, column = tile.column + i % kTileWidth;
    if (row < p.height && column < p.width) {
      const int pixel = (i / kTileWidth + kHalo) * kPixelColumns + i % kTileWidth + kHalo;
      const int64_t offset = (tile.plane * p.height + row) * p.width + column;
      A by[kDerivatives];
#pragma unroll
      for (int d = 0; d < kDerivatives; ++d) {
        by[d] = filter_height<kTileWidth>(filtered + d * kFilteredSize + i, window);
      }
      if (grad_x != nullptr) {
        grad_x[offset] = by[kByMeanX] + 2 * x[pixel] * by[kBySquare] + y[pixel] * by[kByProduct];
      }
      if (grad_y != nullptr) {
        grad_y[offset] = by[kByMeanY] + 2 * y[pixel] * by[kBySquare] + x[pixel] * by[kByProduct];
      }
    }
  }
}

}  // namespace

void ssim_gradients(const SsimForward& call, cudaStream_t stream) {
  const SsimProblem& p = call.problem;
  const int64_t blocks = p.batch * p.channels * TilePlace::per_plane(p.height, p.width);
  with_type(p.dtype, [&](auto type) {
    using T = decltype(type);
    launch(
        differentiate_similarity<T>, blocks, kThreads, kBytes<T>, stream, call, Gaussian<Accumulator<T>>());
  });
}

}  // namespace dsvlm::cuda
