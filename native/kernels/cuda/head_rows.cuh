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

// A block's place: part, tile, head, group of contexts and sample, the parts of a tile next to each other.
struct HeadPlace {
  int part, group;
  int64_t tile, head, batch;

  __device__ HeadPlace(const MoeProblem& p, int64_t tiles, int parts = 1, int groups = 1)
      : part(static_cast<int>(blockIdx.x % parts)),
        group(static_cast<int>(blockIdx.x / parts / tiles / p.heads % groups)),
        tile(blockIdx.x / parts % tiles),
        head(blockIdx.x / parts / tiles % p.heads),
        batch(blockIdx.x / parts / tiles / p.heads / groups) {}

  // The head's first row in a contiguous tensor.
  template <typename T>
  __device__ T* row_of(void* tensor, const MoeProblem& p, int64_t rows) const {
    return static_cast<T*>(tensor) + (batch * rows * p.heads + head) * p.head_dim;
  }

  // The head's first row of one context's part of a contiguous [batch, experts, rows, heads, head_dim].
  template <typename T>
  __device__ T* row_of_context(void* tensor, const MoeProblem& p, int expert, int64_t rows) const {
    return static_cast<T*>(tensor) + ((batch * p.experts + expert) * rows * p.heads + head) * p.head_dim;
  }

  // Where a context's row figures (logarithms, deltas) begin: they are laid out [batch, experts, heads, queries].
  __device__ int64_t row_figures(const MoeProblem& p, int64_t expert) const {
    return ((batch * p.experts + expert) * p.heads + head) * p.queries;
  }
};

// One head of one sample of a strided tensor: rows are queries or tokens.
template <typename T>
struct HeadRows {
  const T* data;
  int64_t row, column;

  __device__ HeadRows(const Strided4& tensor, const HeadPlace& place)
      : data(static_cast<const T*>(tensor.data) + place.batch * tensor.stride[0] + place.head * tensor.stride[2]),
        row(tensor.stride[1]),
        column(tensor.stride[3]) {}
};

template <typename T>
__device__ Accumulator<T> router_weight(const MoeProblem& p, int64_t batch, int expert) {
  return load(static_cast<const T*>(p.router)[batch * p.router_stride[0] + expert * p.router_stride[1]]);
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
