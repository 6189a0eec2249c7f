/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Attention in float32 and float64, by ordinary multiply-adds; tensor_attention.cuh is for the shorter types.
//
// Tiles of queries and tokens in shared memory, and the two matrix products between them. A block's 256
// threads stand in a square of 16 x 16: thread (y, x) holds rows y, y + 16, ... and columns x, x + 16, ... of
// every product. So the sixteen threads of a row are half a warp.
#pragma once

#include "kernels/cuda/head_rows.cuh"
#include "kernels/cuda/launchers.h"
#include "kernels/cuda/reduce.cuh"

namespace dsvlm::cuda {

constexpr int kSide = 16;

// DIM: head_dim rounded up to one of the sizes of with_tile. A row of a tile is one element longer, so
// that sixteen threads that read one element each of sixteen rows meet sixteen banks.
template <typename Number, int DIM, int ROWS, int COLUMNS>
struct AttentionTile {
  using A = Number;
  static constexpr int kRows = ROWS, kColumns = COLUMNS;
  static constexpr int kRowsEach = kRows / kSide, kColumnsEach = kColumns / kSide, kDimsEach = DIM / kSide;
  static constexpr int kStride = DIM + 1;
  static constexpr int kWeightStride = kColumns + 1;

  // Elements of shared memory.
  static constexpr int kRowTile = kRows * kStride;
  static constexpr int kColumnTile = kColumns * kStride;
  static constexpr int kWeightTile = kRows * kWeightStride;

  // to[i, d] = factor * from[first + i, d]; zeros after the last row and the last dimension.
  template <int COUNT>
  __device__ static void load(A* to, const HeadRows<A>& from, int64_t first, int64_t rows, int64_t head_dim, A factor) {
    const int count = static_cast<int>(rows - first < COUNT ? rows - first : COUNT);
    for (int i = threadIdx.x; i < COUNT * DIM; i += kThreads) {
      const int row = i / DIM, d = i % DIM;
      A value = 0;
      if (row < count && d < head_dim) {
        value = factor * from.data[(first + row) * from.row + d * from.column];
      }
      to[row * kStride + d] = value;
    }
  }

  // products(i, j) = row i of left . row j of right
  __device__ static void multiply_transposed(
      A (&products)[kRowsEach][kColumnsEach], const A* left, const A* right, int head_dim) {
    const int y = threadIdx.x / kSide, x = threadIdx.x % kSide;
#pragma unroll
    for (int i = 0; i < kRowsEach; ++i) {
#pragma unroll
      for (int j = 0; j < kColumnsEach; ++j) {
        products[i][j] = 0;
      }
    }
#pragma unroll 4
    for (int d = 0; d < head_dim; ++d) {
      A l[kRowsEach], r[kColumnsEach];
#pragma unroll
      for (int i = 0; i < kRowsEach; ++i) {
        l[i] = left[(y + i * kSide) * kStride + d];
      }
#pragma unroll
      for (int j = 0; j < kColumnsEach; ++j) {
        r[j] = right[(x + j * kSide) * kStride + d];
      }
#pragma unroll
      for (int i = 0; i < kRowsEach; ++i) {
#pragma unroll
        for (int j = 0; j < kColumnsEach; ++j) {
          products[i][j] += l[i] * r[j];
        }
      }
    }
  }

  // sums(i, j) += sum over the columns k of weights(i, k) right(k, j)
  __device__ static void multiply_add(A (&sums)[kRowsEach][kDimsEach], const A* weights, const A* right) {
    const int y = threadIdx.x / kSide, x = threadIdx.x % kSide;
#pragma unroll 2
    for (int k = 0; k < kColumns; ++k) {
      A w[kRowsEach];
#pragma unroll
      for (int i = 0; i < kRowsEach; ++i) {
        w[i] = weights[(y + i * kSide) * kWeightStride + k];
      }
#pragma unroll
      for (int j = 0; j < kDimsEach; ++j) {
        const A r = right[k * kStride + x + j * kSide];
#pragma unroll
        for (int i = 0; i < kRowsEach; ++i) {
          sums[i][j] += w[i] * r;
        }
      }
    }
  }

  // Writes factor * sums to [.., rows, heads, head_dim], contiguous; to is the head's first row.
  __device__ static void write(
      A* to, const A (&sums)[kRowsEach][kDimsEach], const MoeProblem& p, int64_t first, int64_t rows, A factor) {
    const int y = threadIdx.x / kSide, x = threadIdx.x % kSide;
#pragma unroll
    for (int i = 0; i < kRowsEach; ++i) {
      const int64_t row = first + y + i * kSide;
#pragma unroll
      for (int j = 0; j < kDimsEach; ++j) {
        if (row < rows && x + j * kSide < p.head_dim) {
          to[row * p.heads * p.head_dim + x + j * kSide] = factor * sums[i][j];
        }
      }
    }
  }
};

// Sum and maximum over the sixteen threads of a row.
template <typename A>
__device__ A row_sum(A value) {
#pragma unroll
  for (int distance = kSide / 2; distance > 0; distance /= 2) {
    value += __shfl_xor_sync(kWholeWarp, value, distance);
  }
  return value;
}

template <typename A>
__device__ A row_max(A value) {
#pragma unroll
  for (int distance = kSide / 2; distance > 0; distance /= 2) {
    const A other = __shfl_xor_sync(kWholeWarp, value, distance);
    value = other > value ? other : value;
  }
  return value;
}

using LongDoubleTile = AttentionTile<double, 256, 16, 16>;

// Calls call with the tile of the shortest rows that hold head_dim: 40, 80 and 160 are what Stable Diffusion has, and
// float64 is for checking gradients. Long heads have two tiles; BYTES<Tile> is the shared memory that is asked for.
template <template <typename> typename BYTES, typename Call>
void with_tile(const MoeProblem& p, Call call) {
  const auto first_that_fits = [&]<typename Large, typename Small>(Large, Small) {
    if constexpr (BYTES<Large>::value <= kLeastSharedBytes) {
      call(Large());
    } else if (has_shared_memory(BYTES<Large>::value)) {
      call(Large());
    } else {
      static_assert(BYTES<Small>::value <= kLeastSharedBytes);
      call(Small());
    }
  };
  if (p.dtype == DType::f64) {
    if (p.head_dim <= kShortDoubleHeadDim) {
      using Tile = AttentionTile<double, kShortDoubleHeadDim, 16, 16>;
      static_assert(BYTES<Tile>::value <= kLeastSharedBytes);
      call(Tile());
    } else {
      call(LongDoubleTile());
    }
  } else if (p.head_dim <= 48) {
    call(AttentionTile<float, 48, 64, 32>());
  } else if (p.head_dim <= 80) {
    call(AttentionTile<float, 80, 64, 32>());
  } else if (p.head_dim <= 160) {
    first_that_fits(AttentionTile<float, 160, 64, 32>(), AttentionTile<float, 160, 32, 32>());
  } else {
    first_that_fits(AttentionTile<float, 256, 32, 32>(), AttentionTile<float, 256, 16, 16>());
  }
}

}  // namespace dsvlm::cuda
