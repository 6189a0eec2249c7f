/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Attention in bfloat16 and half precision on tensor cores, accumulated in float32: tiles in shared memory, and
// the matrix products between them.
//
// A block owns ROWS rows (queries, or the tokens of one context) and goes through all columns (tokens, or
// queries) in tiles of COLUMNS. A warp owns WARP_ROWS of the rows, whole: scores and weights stay in its registers,
// where the accumulators of one product are the left operand of the next. The tiles of columns are copied
// without waiting, one ahead of the one that is worked on.
#pragma once

#include <cuda_runtime_api.h>

#include <type_traits>

#include "kernels/cuda/context_parts.cuh"
#include "kernels/cuda/head_rows.cuh"
#include "kernels/cuda/mma.cuh"

namespace dsvlm::cuda {

inline bool is_for_tensor_cores(DType dtype) { return dtype == DType::bf16 || dtype == DType::f16; }

// As in launchers.h, for those types. The logarithms that the forward keeps are to the base 2.
int64_t tensor_attention_forward_workspace(const MoeForward& call);
void tensor_attention_forward(const MoeForward& call, void* workspace, cudaStream_t stream);
int64_t tensor_attention_backward_workspace(const MoeBackward& call);
void tensor_attention_backward(const MoeBackward& call, void* workspace, cudaStream_t stream);

constexpr double kLog2OfE = 1.4426950408889634;

// DIM: head_dim rounded up to one of the sizes of with_tensor_dim. PARTS: blocks that share the columns of a
// product's result out, where one block has too few registers for all of them.
template <typename T, int DIM, int ROWS, int WARP_ROWS, int COLUMNS, int PARTS>
struct TensorTile {
  using Number = T;
  static constexpr int kRows = ROWS, kColumns = COLUMNS, kWarpRows = WARP_ROWS, kParts = PARTS;
  static constexpr int kThreads = ROWS / WARP_ROWS * 32;
  // Tiles of the tensor cores' accumulators, 16 x 8.
  static constexpr int kRowTiles = WARP_ROWS / 16, kColumnTiles = COLUMNS / 8, kDimTiles = DIM / 8 / PARTS;
  static_assert(COLUMNS % 16 == 0 && DIM % (8 * PARTS) == 0 && (PARTS == 1 || kDimTiles % 2 == 0));

  // A row of a tile in shared memory: whole steps of 16, and 16 bytes more, so that eight rows that are read
  // at once lie in different banks.
  static constexpr int kStride = (DIM + 15) / 16 * 16 + 8;
  // Elements of shared memory.
  static constexpr int kRowTile = ROWS * kStride, kColumnTile = COLUMNS * kStride;

  using Scores = float[kRowTiles][kColumnTiles][4];
  using Weights = unsigned[kRowTiles][kColumnTiles / 2][4];
  using Sums = float[kRowTiles][kDimTiles][4];
  // Of the rows that a thread holds elements of: g and g + 8 of each tile of 16, with lane = 4 g + t.
  using RowValues = float[kRowTiles][2];

  __device__ static int lane() { return threadIdx.x % 32; }
  __device__ static int warp_row() { return static_cast<int>(threadIdx.x) / 32 * WARP_ROWS; }
  __device__ static int row(int tile, int half) { return warp_row() + tile * 16 + half * 8 + lane() / 4; }
  __device__ static int column(int tile, int element) { return tile * 8 + lane() % 4 * 2 + element % 2; }

  // to[i, d] = from[first + i, d]; zeros after the last row and the last dimension. With in_vectors, see
  // tensors_in_vectors, the copy is only begun: wait_for_copies and a barrier end it; otherwise a barrier does.
  template <int COUNT>
  __device__ static void copy(
      T* to, const HeadRows<T>& from, int64_t first, int64_t rows, int64_t head_dim, bool in_vectors) {
    const int count = static_cast<int>(rows - first < COUNT ? rows - first : COUNT);
    const int dims = static_cast<int>(head_dim);
    const T* start = from.data + first * from.row;
    if (in_vectors) {
      for (int i = threadIdx.x; i < COUNT * (DIM / 8); i += kThreads) {
        const int row = i / (DIM / 8), d = i % (DIM / 8) * 8;
        const bool inside = row < count && d < dims;
        copy_16_bytes(to + row * kStride + d, inside ? start + row * from.row + d : from.data, inside);
      }
    } else {
#pragma unroll 1
      for (int i = threadIdx.x; i < COUNT * DIM; i += kThreads) {
        const int row = i / DIM, d = i % DIM;
        to[row * kStride + d] = row < count && d < dims ? start[row * from.row + d * from.column] : T{0};
      }
    }
  }

  // scores(i, j) = row i of the warp's rows of left . row j of right
  __device__ static void multiply_transposed(Scores& scores, const T* left, const T* right) {
#pragma unroll
    for (int i = 0; i < kRowTiles; ++i) {
#pragma unroll
      for (int j = 0; j < kColumnTiles; ++j) {
#pragma unroll
        for (int element = 0; element < 4; ++element) {
          scores[i][j][element] = 0;
        }
      }
    }
    const T* left_row = left + (warp_row() + lane() % 16) * kStride + lane() / 16 * 8;
    const T* right_row = right + (lane() % 8 + lane() / 16 * 8) * kStride + lane() / 8 % 2 * 8;
#pragma unroll(DIM <= 128 ? DIM / 8 : 2)
    for (int d = 0; d < DIM; d += 16) {
      unsigned l[kRowTiles][4];
#pragma unroll
      for (int i = 0; i < kRowTiles; ++i) {
        load_matrices(l[i], left_row + i * 16 * kStride + d);
      }
#pragma unroll
      for (int j = 0; j < kColumnTiles; j += 2) {
        unsigned r[4];
        load_matrices(r, right_row + j * 8 * kStride + d);
#pragma unroll
        for (int i = 0; i < kRowTiles; ++i) {
          if (d + 8 < DIM) {
            multiply_16x8x16<T>(scores[i][j], l[i], r[0], r[1]);
            multiply_16x8x16<T>(scores[i][j + 1], l[i], r[2], r[3]);
          } else {
            multiply_16x8x8<T>(scores[i][j], l[i], r[0]);
            multiply_16x8x8<T>(scores[i][j + 1], l[i], r[2]);
          }
        }
      }
    }
  }

  // Calls call with each score and its column.
  template <typename Call>
  __device__ static void for_each(Scores& scores, Call call) {
#pragma unroll
    for (int i = 0; i < kRowTiles; ++i) {
#pragma unroll
      for (int j = 0; j < kColumnTiles; ++j) {
#pragma unroll
        for (int element = 0; element < 4; ++element) {
          call(scores[i][j][element], column(j, element));
        }
      }
    }
  }

  // Accumulators as a left operand.
  __device__ static void round(Weights& weights, const Scores& scores) {
#pragma unroll
    for (int i = 0; i < kRowTiles; ++i) {
#pragma unroll
      for (int j = 0; j < kColumnTiles; ++j) {
        weights[i][j / 2][j % 2 * 2] = pack<T>(scores[i][j][0], scores[i][j][1]);
        weights[i][j / 2][j % 2 * 2 + 1] = pack<T>(scores[i][j][2], scores[i][j][3]);
      }
    }
  }

  // sums(i, d) += sum over the columns j of weights(i, j) right(j, d), for several pairs of sums and weights;
  // right points to the first dimension of the part.
  template <typename... Pairs>
  __device__ static void multiply_add(const T* right, Pairs&&... pairs) {
    const T* right_row = right + lane() % 16 * kStride + lane() / 16 * 8;
#pragma unroll
    for (int j = 0; j < kColumnTiles / 2; ++j) {
#pragma unroll
      for (int d = 0; d < kDimTiles; d += 2) {
        unsigned r[4];
        load_matrices_transposed(r, right_row + j * 16 * kStride + d * 8);
#pragma unroll
        for (int i = 0; i < kRowTiles; ++i) {
          (multiply_two(pairs.sums[i], pairs.weights[i][j], r, d), ...);
        }
      }
    }
  }

  // Writes factor * sums to [.., rows, heads, head_dim], contiguous, of T or float; to is the head's first row.
  template <typename Out>
  __device__ static void write(
      Out* to, const Sums& sums, const MoeProblem& p, int64_t first, int64_t rows, int part, float factor) {
    const int dims = static_cast<int>(p.head_dim);
#pragma unroll
    for (int i = 0; i < kRowTiles; ++i) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int64_t at = first + row(i, half);
        if (at >= rows) {
          continue;
        }
        Out* start = to + at * p.heads * dims;
#pragma unroll
        for (int j = 0; j < kDimTiles; ++j) {
          const int d = part * kDimTiles * 8 + column(j, 0);
          const float low = factor * sums[i][j][2 * half], high = factor * sums[i][j][2 * half + 1];
          if (dims % 2 == 0) {
            if (d < dims) {
              store_two(start + d, low, high);
            }
          } else {
            if (d < dims) {
              store(start + d, low);
            }
            if (d + 1 < dims) {
              store(start + d + 1, high);
            }
          }
        }
      }
    }
  }

 private:
  struct alignas(8) TwoFloats {
    float low, high;
  };

  __device__ static void store_two(T* to, float low, float high) {
    *reinterpret_cast<unsigned*>(to) = pack<T>(low, high);
  }
  __device__ static void store_two(float* to, float low, float high) {
    *reinterpret_cast<TwoFloats*>(to) = {low, high};
  }

  __device__ static void multiply_two(
      float (&sums)[kDimTiles][4], const unsigned (&weights)[4], const unsigned (&r)[4], int d) {
    multiply_16x8x16<T>(sums[d], weights, r[0], r[1]);
    if (d + 1 < kDimTiles) {
      multiply_16x8x16<T>(sums[d + 1], weights, r[2], r[3]);
    }
  }
};

// What multiply_add adds to, and with which weights.
template <typename Tile>
struct Product {
  typename Tile::Sums& sums;
  const typename Tile::Weights& weights;
};

// The contexts that a block goes through: all, or that of its group.
struct ContextRange {
  int begin, end;

  __device__ ContextRange(const MoeProblem& p, const HeadPlace& place, bool is_split)
      : begin(is_split ? place.group : 0), end(is_split ? begin + 1 : p.experts) {}
};

// The keys and values of those contexts, tile by tile. While one is worked on, the next is copied.
template <typename Tile>
class ContextTiles {
 public:
  using T = typename Tile::Number;
  static constexpr int kElements = 4 * Tile::kColumnTile;  // of shared memory

  __device__ ContextTiles(
      const MoeProblem& p, const HeadPlace& place, const ContextRange& contexts, T* memory, bool in_vectors)
      : p_(p), place_(place), end_(contexts.end), memory_(memory), in_vectors_(in_vectors) {
    copy(contexts.begin, 0);
  }

  // The keys of context e from token on; the values are a tile further. To be called by all threads, in order.
  __device__ const T* next(int e, int64_t token) {
    wait_for_copies();
    __syncthreads();  // this tile is there, and the one before is no longer read
    const T* present = buffer();
    present_ ^= 1;
    if (token + Tile::kColumns < p_.tokens[e]) {
      copy(e, token + Tile::kColumns);
    } else if (e + 1 < end_) {
      copy(e + 1, 0);
    }
    return present;
  }

 private:
  __device__ T* buffer() const { return memory_ + present_ * 2 * Tile::kColumnTile; }

  __device__ void copy(int e, int64_t token) {
    Tile::template copy<Tile::kColumns>(
        buffer(), HeadRows<T>(p_.keys[e], place_), token, p_.tokens[e], p_.head_dim, in_vectors_);
    Tile::template copy<Tile::kColumns>(
        buffer() + Tile::kColumnTile, HeadRows<T>(p_.values[e], place_), token, p_.tokens[e], p_.head_dim, in_vectors_);
  }

  const MoeProblem& p_;
  const HeadPlace& place_;
  int end_;
  T* memory_;
  bool in_vectors_;
  int present_ = 0;
};

// Sum and maximum over the four lanes that hold a row.
__device__ inline float quad_sum(float value) {
  value += __shfl_xor_sync(0xffffffff, value, 1);
  return value + __shfl_xor_sync(0xffffffff, value, 2);
}

__device__ inline float quad_max(float value) {
  value = fmaxf(value, __shfl_xor_sync(0xffffffff, value, 1));
  return fmaxf(value, __shfl_xor_sync(0xffffffff, value, 2));
}

// Whether all rows can be copied 16 bytes at a time.
inline bool in_vectors(const Strided4& tensor) {
  return reinterpret_cast<uintptr_t>(tensor.data) % 16 == 0 && tensor.stride[0] % 8 == 0 && tensor.stride[1] % 8 == 0 &&
         tensor.stride[2] % 8 == 0 && tensor.stride[3] == 1;
}

inline bool tensors_in_vectors(const MoeProblem& p) {
  bool all = p.head_dim % 8 == 0 && in_vectors(p.query);
  for (int e = 0; e < p.experts; ++e) {
    all = all && in_vectors(p.keys[e]) && in_vectors(p.values[e]);
  }
  return all;
}

// Calls call with a value of the type and the smallest size that holds head_dim: those of Stable Diffusion (40,
// 80, 160; 64), and two for all others.
template <typename Call>
void with_tensor_dim(const MoeProblem& p, Call call) {
  const auto of_type = [&](auto type) {
    if (p.head_dim <= 40) {
      call(type, std::integral_constant<int, 40>());
    } else if (p.head_dim <= 64) {
      call(type, std::integral_constant<int, 64>());
    } else if (p.head_dim <= 80) {
      call(type, std::integral_constant<int, 80>());
    } else if (p.head_dim <= 128) {
      call(type, std::integral_constant<int, 128>());
    } else if (p.head_dim <= 160) {
      call(type, std::integral_constant<int, 160>());
    } else {
      call(type, std::integral_constant<int, 256>());
    }
  };
  if (p.dtype == DType::bf16) {
    of_type(BFloat16());
  } else {
    of_type(Float16());
  }
}

}  // namespace dsvlm::cuda
