/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// How both attentions find their data.
#pragma once

#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/number.cuh"
#include "kernels/moe_cross_attention.h"

namespace dsvlm::cuda {

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

template <typename T>
__device__ Accumulator<T> router_weight(const MoeProblem& p, int64_t batch, int expert) {
  return load(static_cast<const T*>(p.router)[batch * p.router_stride[0] + expert * p.router_stride[1]]);
}

// Where a context's row figures (logarithms, deltas) begin: they are laid out [batch, experts, heads, queries].
__host__ __device__ inline int64_t row_figures(const MoeProblem& p, int64_t batch, int64_t expert, int64_t head) {
  return ((batch * p.experts + expert) * p.heads + head) * p.queries;
}

// The tiles of a head's tokens are those of its contexts, one context after the other.
inline int64_t context_tiles(const MoeProblem& p, int64_t tile_rows) {
  int64_t tiles = 0;
  for (int e = 0; e < p.experts; ++e) {
    tiles += ceil_div(p.tokens[e], tile_rows);
  }
  return tiles;
}

// The context that a tile belongs to, and its first token.
__device__ inline int context_of_tile(const MoeProblem& p, int64_t tile, int64_t tile_rows, int64_t& first) {
  int expert = 0;
  for (int64_t here; tile >= (here = ceil_div(p.tokens[expert], tile_rows)); ++expert) {
    tile -= here;
  }
  first = tile * tile_rows;
  return expert;
}

}  // namespace dsvlm::cuda
