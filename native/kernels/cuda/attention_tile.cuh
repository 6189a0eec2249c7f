/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Tiles of queries and tokens in shared memory, and the two matrix products between them. A block's 256
// threads stand in a square of 16 x 16: thread (y, x) holds rows y, y + 16, ... and columns x, x + 16, ... of
// every product. So the sixteen threads of a row are half a warp.
#pragma once

#include <type_traits>

#include "kernels/cuda/reduce.cuh"
#include "kernels/moe_cross_attention.h"

namespace dsvlm::cuda {

constexpr int kSide = 16;

// DIM: head_dim rounded up to one of the sizes of with_head_dim. A row of a tile is one element longer, so
// that sixteen threads that read one element each of sixteen rows meet sixteen banks.
template <typename T, int DIM>
struct AttentionTile {
  using A = Accumulator<T>;
  static constexpr int kRows = sizeof(A) == 8 ? 16 : DIM <= 160 ? 64 : 32;
  static constexpr int kColumns = sizeof(A) == 8 ? 16 : 32;
  static constexpr int kRowsEach = kRows / kSide, kColumnsEach = kColumns / kSide, kDimsEach = DIM / kSide;
  static constexpr int kStride = DIM + 1;
  static constexpr int kWeightStride = kColumns + 1;

  // Elements of shared memory.
  static constexpr int kRowTile = kRows * kStride;
  static constexpr int kColumnTile = kColumns * kStride;
  static constexpr int kWeightTile = kRows * kWeightStride;

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
      T* to, const A (&sums)[kRowsEach][kDimsEach], const MoeProblem& p, int64_t first, int64_t rows, A factor) {
    const int y = threadIdx.x / kSide, x = threadIdx.x % kSide;
#pragma unroll
    for (int i = 0; i < kRowsEach; ++i) {
      const int64_t row = first + y + i * kSide;
#pragma unroll
      for (int j = 0; j < kDimsEach; ++j) {
        if (row < rows && x + j * kSide < p.head_dim) {
          store(to + row * p.heads * p.head_dim + x + j * kSide, factor * sums[i][j]);
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

// One head of one sample of a strided tensor: rows are queries or tokens.
template <typename T>
struct HeadRows {
  const T* data;
  int64_t row, column;

  __device__ HeadRows(const Strided4& tensor, int64_t batch, int64_t head)
      : data(static_cast<const T*>(tensor.data) + batch * tensor.stride[0] + head * tensor.stride[2]),
        row(tensor.stride[1]),
        column(tensor.stride[3]) {}
};

// to[i, d] = factor * from[first + i, d]; zeros after the last row and the last dimension.
template <int ROWS, int DIM, typename T>
__device__ void load_tile(
    Accumulator<T>* to, const HeadRows<T>& from, int64_t first, int64_t rows, int64_t head_dim,
    Accumulator<T> factor) {
  const int count = static_cast<int>(rows - first < ROWS ? rows - first : ROWS);
  for (int i = threadIdx.x; i < ROWS * DIM; i += kThreads) {
    const int row = i / DIM, d = i % DIM;
    Accumulator<T> value = 0;
    if (row < count && d < head_dim) {
      value = factor * load(from.data[(first + row) * from.row + d * from.column]);
    }
    to[row * (DIM + 1) + d] = value;
  }
}

template <typename T>
__device__ Accumulator<T> router_weight(const MoeProblem& p, int64_t batch, int expert) {
  return load(static_cast<const T*>(p.router)[batch * p.router_stride[0] + expert * p.router_stride[1]]);
}

// Calls launch with the smallest size of a tile's row that holds head_dim: 40, 80 and 160 are what Stable
// Diffusion has, and float64 is for checking gradients, where one size will do.
template <typename T, typename Launch>
void with_head_dim(int64_t head_dim, Launch launch) {
  if constexpr (std::is_same_v<T, double>) {
    launch(std::integral_constant<int, 256>());
  } else if (head_dim <= 48) {
    launch(std::integral_constant<int, 48>());
  } else if (head_dim <= 80) {
    launch(std::integral_constant<int, 80>());
  } else if (head_dim <= 160) {
    launch(std::integral_constant<int, 160>());
  } else {
    launch(std::integral_constant<int, 256>());
  }
}

}  // namespace dsvlm::cuda
