/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// See kernels/moe_cross_attention.h for the equations. A block holds a tile of one head's queries and goes
// through all contexts, tile by tile, with an online softmax for each: the scores of a tile are all that
// ever exists of the queries x tokens matrix.
#include <cmath>
#include <type_traits>

#include "kernels/cuda/attention_tile.cuh"
#include "kernels/cuda/launchers.h"
#include "kernels/cuda/tensor_attention.cuh"

namespace dsvlm::cuda {
namespace {

template <typename Tile>
using ForwardBytes = std::integral_constant<
    int, (Tile::kRowTile + 2 * Tile::kColumnTile + Tile::kWeightTile) * static_cast<int>(sizeof(typename Tile::A))>;

// One block a multiprocessor, see moe_cross_attention_backward.cu.
template <typename Tile>
__global__ void __launch_bounds__(kThreads, 1) attend(const __grid_constant__ MoeForward call, int64_t tiles) {
  using A = typename Tile::A;
  A* query = shared_memory<A>();
  A* keys = query + Tile::kRowTile;
  A* values = keys + Tile::kColumnTile;
  A* weights = values + Tile::kColumnTile;

  const MoeProblem& p = call.problem;
  const int y = threadIdx.x / kSide, x = threadIdx.x % kSide;
  const HeadPlace place(p, tiles);
  const int64_t first = place.tile * Tile::kRows;

  Tile::template load<Tile::kRows>(query, HeadRows<A>(p.query, place), first, p.queries, p.head_dim, A(p.scale));
  A output[Tile::kRowsEach][Tile::kDimsEach] = {};
  for (int e = 0; e < p.experts; ++e) {
    const HeadRows<A> key_rows(p.keys[e], place), value_rows(p.values[e], place);
    A mixed[Tile::kRowsEach][Tile::kDimsEach] = {};
    A top[Tile::kRowsEach], sum[Tile::kRowsEach];
#pragma unroll
    for (int i = 0; i < Tile::kRowsEach; ++i) {
      top[i] = -static_cast<A>(INFINITY);
      sum[i] = 0;
    }
    for (int64_t token = 0; token < p.tokens[e]; token += Tile::kColumns) {
      __syncthreads();  // the tiles before are no longer read
      Tile::template load<Tile::kColumns>(keys, key_rows, token, p.tokens[e], p.head_dim, A(1));
      Tile::template load<Tile::kColumns>(values, value_rows, token, p.tokens[e], p.head_dim, A(1));
      __syncthreads();
      A scores[Tile::kRowsEach][Tile::kColumnsEach];
      Tile::multiply_transposed(scores, query, keys, static_cast<int>(p.head_dim));
#pragma unroll
      for (int i = 0; i < Tile::kRowsEach; ++i) {
        A most = top[i];
#pragma unroll
        for (int j = 0; j < Tile::kColumnsEach; ++j) {
          if (token + x + j * kSide >= p.tokens[e]) {
            scores[i][j] = -static_cast<A>(INFINITY);
          }
          most = scores[i][j] > most ? scores[i][j] : most;
        }
        most = row_max(most);
        A part = 0;
#pragma unroll
        for (int j = 0; j < Tile::kColumnsEach; ++j) {
          const A weight = exp(scores[i][j] - most);
          part += weight;
          weights[(y + i * kSide) * Tile::kWeightStride + x + j * kSide] = weight;
        }
        const A correction = exp(top[i] - most);
        sum[i] = sum[i] * correction + row_sum(part);
        top[i] = most;
#pragma unroll
        for (int j = 0; j < Tile::kDimsEach; ++j) {
          mixed[i][j] *= correction;
        }
      }
      __syncwarp();  // a row's weights are written and read by the same half of a warp
      Tile::multiply_add(mixed, weights, values);
    }
    const A probability = router_weight<A>(p, place.batch, e);
    A* logsumexp = static_cast<A*>(call.logsumexp);
#pragma unroll
    for (int i = 0; i < Tile::kRowsEach; ++i) {
      const int64_t row = first + y + i * kSide;
      if (logsumexp != nullptr && x == 0 && row < p.queries) {
        logsumexp[place.row_figures(p, e) + row] = top[i] + log(sum[i]);
      }
      const A factor = probability / sum[i];
#pragma unroll
      for (int j = 0; j < Tile::kDimsEach; ++j) {
        output[i][j] += factor * mixed[i][j];
      }
    }
  }
  Tile::write(place.row_of<A>(call.output, p, p.queries), output, p, first, p.queries, A(1));
}

}  // namespace

int64_t moe_cross_attention_forward_workspace(const MoeForward& call) {
  return is_for_tensor_cores(call.problem.dtype) ? tensor_attention_forward_workspace(call) : 0;
}

void moe_cross_attention_forward(const MoeForward& call, void* workspace, cudaStream_t stream) {
  const MoeProblem& p = call.problem;
  if (is_for_tensor_cores(p.dtype)) {
    return tensor_attention_forward(call, workspace, stream);
  }
  with_tile<ForwardBytes>(p, [&](auto tile) {
    using Tile = decltype(tile);
    const int64_t tiles = ceil_div(p.queries, Tile::kRows);
    launch(attend<Tile>, tiles * p.heads * p.batch, kThreads, ForwardBytes<Tile>::value, stream, call, tiles);
  });
}

}  // namespace dsvlm::cuda
