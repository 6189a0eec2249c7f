/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// kernels/ssim.h: value and gradients in one pass. A block loads the sum s = x + y and the difference d = x - y of a
// tile with its surroundings; filters them and their squares along rows, then along columns, which gives the moments
// at its points; adds the similarities up, and the |d| of its pixels where they count. The gradient of s at a pixel is
//
//   window(dS/dE[s]) + 2 s window(dS/dE[s^2])
//
// where window sums over the points that see the pixel, the same for d, and those of x and y are their sum and
// difference. A thread filters a run of a line, so that it reads an element once for several results.
#include <type_traits>

#include "kernels/cuda/launchers.h"
#include "kernels/cuda/ssim_tile.cuh"

namespace dsvlm::cuda {
namespace {

constexpr int kPointRun = 7;  // divides the points' rows and columns where gradients are wanted

template <typename A>
using GradientTile = SsimTile<sizeof(A) == 8 ? 11 : 32, true>;
template <typename A>
using ValueTile = SsimTile<32, false>;

// s and d, or zeros outside the picture.
template <typename T, typename Tile, typename A>
__device__ void load_pixels(A* s, A* d, const SsimProblem& p, const Tile& tile) {
  const auto plane_of = [&](const Strided4& picture) {
    return static_cast<const T*>(picture.data) + tile.plane / p.channels * picture.stride[0] +
           tile.plane % p.channels * picture.stride[1];
  };
  const T *x = plane_of(p.x), *y = plane_of(p.y);
  for (int i = threadIdx.x; i < Tile::kPixelRows * Tile::kPixelColumns; i += kThreads) {
    const int at_row = i / Tile::kPixelColumns, at_column = i % Tile::kPixelColumns;
    const int64_t row = tile.row - Tile::kPixelMargin + at_row, column = tile.column - Tile::kPixelMargin + at_column;
    A a = 0, b = 0;
    if (row >= 0 && row < p.height && column >= 0 && column < p.width) {
      a = load(x[row * p.x.stride[2] + column * p.x.stride[3]]);
      b = load(y[row * p.y.stride[2] + column * p.y.stride[3]]);
    }
    s[at_row * Tile::kPixelStride + at_column] = a + b;
    d[at_row * Tile::kPixelStride + at_column] = a - b;
  }
}

// moments: means of s and d, then of their squares, of the windows along rows.
template <typename Tile, typename A>
__device__ void filter_rows(A* moments, const A* s, const A* d, const Gaussian<A>& window) {
  constexpr int kRun = Tile::kGradients ? kPointRun : 8;
  static_assert(Tile::kPointColumns % kRun == 0);
  for (int i = threadIdx.x; i < Tile::kPixelRows * Tile::kPointColumns / kRun; i += kThreads) {
    const int row = i % Tile::kPixelRows, column = i / Tile::kPixelRows * kRun;
#pragma unroll
    for (int kind = 0; kind < 2; ++kind) {
      A means[kRun], squares[kRun];
      filter_with_squares(means, squares, (kind == 0 ? s : d) + row * Tile::kPixelStride + column, window);
      A* to = moments + kind * Tile::kMoments + row * Tile::kPointStride + column;
#pragma unroll
      for (int k = 0; k < kRun; ++k) {
        to[k] = means[k];
        to[2 * Tile::kMoments + k] = squares[k];
      }
    }
  }
}

// The sum of the similarities at the tile's own points; derivatives at all points, zeros outside the map.
template <typename Tile, typename A>
__device__ double visit_points(
    A* derivatives, const A* moments, const SsimProblem& p, const Tile& tile, const Gaussian<A>& window) {
  constexpr int kRun = Tile::kGradients ? kPointRun : 4;
  static_assert(Tile::kPointRows % kRun == 0);
  const int64_t first_row = tile.row - Tile::kPointMargin - (kSsimRadius - p.padding);
  const int64_t first_column = tile.column - Tile::kPointMargin - (kSsimRadius - p.padding);
  double sum = 0;
  for (int i = threadIdx.x; i < Tile::kPointColumns * Tile::kPointRows / kRun; i += kThreads) {
    const int column = i % Tile::kPointColumns, first = i / Tile::kPointColumns * kRun;
    A of[4][kRun];
#pragma unroll
    for (int kind = 0; kind < 4; ++kind) {
      filter<kRun, Tile::kPointStride>(
          of[kind], moments + kind * Tile::kMoments + first * Tile::kPointStride + column, window);
    }
    const bool column_inside = first_column + column >= 0 && first_column + column < map_width(p);
    const bool own_column = column >= Tile::kPointMargin && column < Tile::kPointMargin + Tile::kColumns;
#pragma unroll
    for (int k = 0; k < kRun; ++k) {
      const int row = first + k;
      const bool inside = column_inside && first_row + row >= 0 && first_row + row < map_height(p);
      const Similarity<A> at(of[0][k], of[1][k], of[2][k], of[3][k], static_cast<A>(p.c1), static_cast<A>(p.c2));
      if (inside && own_column && row >= Tile::kPointMargin && row < Tile::kPointMargin + Tile::kRows) {
        sum += at.value;
      }
      if constexpr (Tile::kGradients) {
        A* to = derivatives + row * Tile::kPointStride + column;
        to[0] = inside ? at.by_mean_s : 0;
        to[Tile::kPoints] = inside ? at.by_mean_d : 0;
        to[2 * Tile::kPoints] = inside ? at.by_square_s : 0;
        to[3 * Tile::kPoints] = inside ? at.by_square_d : 0;
      }
    }
  }
  return sum;
}

template <typename Tile, typename A>
__device__ void filter_derivatives(A* filtered, const A* derivatives, const Gaussian<A>& window) {
  constexpr int kRun = 8;
  constexpr int kOfKind = Tile::kPointRows * Tile::kColumns / kRun;
  for (int i = threadIdx.x; i < 4 * kOfKind; i += kThreads) {
    const int kind = i / kOfKind, row = i % kOfKind % Tile::kPointRows, column = i % kOfKind / Tile::kPointRows * kRun;
    A sums[kRun];
    filter<kRun, 1>(sums, derivatives + kind * Tile::kPoints + row * Tile::kPointStride + column, window);
#pragma unroll
    for (int k = 0; k < kRun; ++k) {
      filtered[kind * Tile::kFiltered + row * Tile::kStride + column + k] = sums[k];
    }
  }
}

// Of the value at one point or pixel.
struct Weights {
  double similarity, difference;

  __host__ __device__ explicit Weights(const SsimProblem& p)
      : similarity(p.terms.similarity / static_cast<double>(p.channels * map_height(p) * map_width(p))),
        difference(p.terms.difference / static_cast<double>(p.channels * p.height * p.width)) {}
};

// The sum of |d| over the tile's own pixels.
template <typename Tile, typename A>
__device__ double visit_pixels(const A* d, const SsimProblem& p, const Tile& tile) {
  double sum = 0;
  for (int i = threadIdx.x; i < Tile::kRows * Tile::kColumns; i += kThreads) {
    const int row = i / Tile::kColumns, column = i % Tile::kColumns;
    if (tile.row + row < p.height && tile.column + column < p.width) {
      sum += abs(d[(row + Tile::kPixelMargin) * Tile::kPixelStride + column + Tile::kPixelMargin]);
    }
  }
  return sum;
}

template <typename Tile, typename A>
__device__ void write_gradients(
    const SsimForward& call, const A* filtered, const A* s, const A* d, const Tile& tile, const Gaussian<A>& window,
    const Weights& weights) {
  constexpr int kRun = Tile::kRows % 4 == 0 ? 4 : 1;
  const SsimProblem& p = call.problem;
  A* grad_x = static_cast<A*>(call.grad_x);
  A* grad_y = static_cast<A*>(call.grad_y);
  const A factor = static_cast<A>(2 * weights.similarity), slope = static_cast<A>(weights.difference);
  for (int i = threadIdx.x; i < Tile::kColumns * Tile::kRows / kRun; i += kThreads) {
    const int column = i % Tile::kColumns, first = i / Tile::kColumns * kRun;
    A by[4][kRun];
#pragma unroll
    for (int kind = 0; kind < 4; ++kind) {
      filter<kRun, Tile::kStride>(by[kind], filtered + kind * Tile::kFiltered + first * Tile::kStride + column, window);
    }
#pragma unroll
    for (int k = 0; k < kRun; ++k) {
      const int64_t row = tile.row + first + k;
      if (row >= p.height || tile.column + column >= p.width) {
        continue;
      }
      const int pixel = (first + k + Tile::kPixelMargin) * Tile::kPixelStride + column + Tile::kPixelMargin;
      const A by_s = factor * (by[0][k] + 2 * s[pixel] * by[2][k]);
      const A sign = d[pixel] > 0 ? slope : d[pixel] < 0 ? -slope : 0;
      const A by_d = factor * (by[1][k] + 2 * d[pixel] * by[3][k]) + sign;
      const int64_t offset = (tile.plane * p.height + row) * p.width + tile.column + column;
      if (grad_x != nullptr) {
        grad_x[offset] = by_s + by_d;
      }
      if (grad_y != nullptr) {
        grad_y[offset] = by_s - by_d;
      }
    }
  }
}

template <typename T, typename Tile>
__global__ void __launch_bounds__(kThreads)
    compare(const __grid_constant__ SsimForward call, Gaussian<Accumulator<T>> window, double* parts) {
  using A = Accumulator<T>;
  A* s = shared_memory<A>();
  A* d = s + Tile::kPixels;
  A* moments = d + Tile::kPixels;
  A* derivatives = moments + 4 * Tile::kMoments;

  const SsimProblem& p = call.problem;
  const Tile tile(p);
  load_pixels<T>(s, d, p, tile);
  __syncthreads();
  filter_rows<Tile>(moments, s, d, window);
  __syncthreads();
  const Weights weights(p);
  double sum = weights.similarity * visit_points(derivatives, moments, p, tile, window);
  if (weights.difference != 0) {
    sum += weights.difference * visit_pixels(d, p, tile);
  }
  sum = block_sum(sum);
  if (threadIdx.x == 0) {
    parts[blockIdx.x] = sum;
  }
  if constexpr (Tile::kGradients) {
    __syncthreads();
    A* filtered = moments;
    filter_derivatives<Tile>(filtered, derivatives, window);
    __syncthreads();
    write_gradients(call, filtered, s, d, tile, window, weights);
  }
}

// Calls call with the stored type and what says which tile it is.
template <typename Call>
void with_ssim_tile(const SsimForward& forward, Call call) {
  with_type(forward.problem.dtype, [&](auto type) {
    using A = Accumulator<decltype(type)>;
    if (forward.grad_x != nullptr || forward.grad_y != nullptr) {
      call(type, std::type_identity<GradientTile<A>>());
    } else {
      call(type, std::type_identity<ValueTile<A>>());
    }
  });
}

}  // namespace

int64_t ssim_forward_workspace(const SsimForward& call) {
  const SsimProblem& p = call.problem;
  int64_t tiles = 0;
  with_ssim_tile(call, [&](auto, auto tile) { tiles = decltype(tile)::type::per_plane(p); });
  return p.batch * p.channels * tiles * static_cast<int64_t>(sizeof(double));
}

void ssim_forward(const SsimForward& call, void* workspace, cudaStream_t stream) {
  const SsimProblem& p = call.problem;
  with_ssim_tile(call, [&](auto type, auto tile) {
    using T = decltype(type);
    using A = Accumulator<T>;
    using Tile = typename decltype(tile)::type;
    constexpr int kBytes = Tile::kElements * static_cast<int>(sizeof(A));
    static_assert(kBytes <= kLeastSharedBytes);
    const int64_t parts = p.channels * Tile::per_plane(p);
    launch(
        compare<T, Tile>, p.batch * parts, kThreads, kBytes, stream, call, Gaussian<A>(),
        static_cast<double*>(workspace));
    launch(
        add_parts<A, double>, p.batch, kThreads, 0, stream, static_cast<A*>(call.output),
        Parts{workspace, parts, parts, 1, 1.0, p.terms.constant});
  });
}

}  // namespace dsvlm::cuda
