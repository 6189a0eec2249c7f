/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Forward of kernels/ssim.h: a block computes a tile of the map and leaves its sum.
#include "kernels/cuda/launchers.h"
#include "kernels/cuda/ssim_tile.cuh"

namespace dsvlm::cuda {
namespace {

constexpr int kPixelRows = kTileHeight + kHalo, kPixelColumns = kTileWidth + kHalo;
constexpr int kPixels = kPixelRows * kPixelColumns, kMomentSize = kPixelRows * kTileWidth;

template <typename T>
constexpr int kBytes = (2 * kPixels + kMoments * kMomentSize) * static_cast<int>(sizeof(Accumulator<T>));

template <typename T>
__global__ void __launch_bounds__(kThreads)
    sum_similarity(const __grid_constant__ SsimProblem p, Gaussian<Accumulator<T>> window, double* parts) {
  using A = Accumulator<T>;
  A* x = shared_memory<A>();
  A* y = x + kPixels;
  A* moments = y + kPixels;

  const int64_t height = map_height(p), width = map_width(p);
  const TilePlace tile(height, width);
  const int64_t row = tile.row - p.padding, column = tile.column - p.padding;
  load_pixels<T, kPixelRows, kPixelColumns>(x, p, p.x, tile.plane, row, column);
  load_pixels<T, kPixelRows, kPixelColumns>(y, p, p.y, tile.plane, row, column);
  __syncthreads();
  filter_width<kPixelRows, kTileWidth>(moments, x, y, window);
  __syncthreads();
  double sum = 0;
  for (int i = threadIdx.x; i < kTileHeight * kTileWidth; i += kThreads) {
    if (tile.row + i / kTileWidth < height && tile.column + i % kTileWidth < width) {
      sum += Similarity<A>::template at<kTileWidth, kMomentSize>(moments + i, window, A(p.c1), A(p.c2)).value();
    }
  }
  sum = block_sum(sum);
  if (threadIdx.x == 0) {
    parts[blockIdx.x] = sum;
  }
}

int64_t parts_per_sample(const SsimProblem& p) {
  return p.channels * TilePlace::per_plane(map_height(p), map_width(p));
}

}  // namespace

int64_t ssim_forward_workspace(const SsimForward& call) {
  return call.problem.batch * parts_per_sample(call.problem) * static_cast<int64_t>(sizeof(double));
}

void ssim_forward(const SsimForward& call, void* workspace, cudaStream_t stream) {
  const SsimProblem& p = call.problem;
  const int64_t parts = parts_per_sample(p);
  with_type(p.dtype, [&](auto type) {
    using T = decltype(type);
    using A = Accumulator<T>;
    launch(
        sum_similarity<T>, p.batch * parts, kThreads, kBytes<T>, stream, p, Gaussian<A>(),
        static_cast<double*>(workspace));
    const double points = static_cast<double>(p.channels * map_height(p) * map_width(p));
    launch(
        add_parts<A, double>, p.batch, kThreads, 0, stream, static_cast<A*>(call.output),
        Parts{workspace, parts, parts, 1, points});
  });
}

}  // namespace dsvlm::cuda
