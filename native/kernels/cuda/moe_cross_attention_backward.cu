/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Backward of kernels/moe_cross_attention.h. With A = softmax, g = gradient of the output, G = g v^T and
// delta = rowsum(A * G), per context:
//
//   dP = sum delta      dv = P A^T g      dS = A * P (G - delta)      dq = scale dS k      dk = scale dS^T q
//
// A is computed again from the stored logarithms. Three kernels: one owns tiles of queries and gives dq and the
// rows' delta, one owns tiles of tokens and gives dk and dv, one adds delta up to dP. No atomics.
#include "kernels/cuda/attention_tile.cuh"
#include "kernels/cuda/launchers.h"
#include "kernels/cuda/tensor_attention.cuh"

#include <type_traits>

namespace dsvlm::cuda {
namespace {

// Per row of scores, see row_figures.
template <typename A>
struct RowFigures {
  A* normalise;  // 1 / sum of the probabilities, which the rounded logarithm leaves a little off 1
  A* delta;

  RowFigures(const MoeProblem& p, void* workspace)
      : normalise(static_cast<A*>(workspace)), delta(normalise + p.batch * p.experts * p.heads * p.queries) {}
};

template <typename Tile, int WEIGHT_TILES>
constexpr int kBackwardBytes = (2 * Tile::kRowTile + 2 * Tile::kColumnTile + WEIGHT_TILES * Tile::kWeightTile) *
                               static_cast<int>(sizeof(typename Tile::A));

// Of the kernel that asks for most.
template <typename Tile>
using BackwardBytes = std::integral_constant<int, kBackwardBytes<Tile, 2>>;

// One block a multiprocessor, or the few that shared memory leaves room for: registers are not scarce, but by itself
// the assembler spills some to make room for more.
//
// Each context is gone through twice: delta must be known before the first gradient of a score.
template <typename Tile>
__global__ void __launch_bounds__(kThreads, 1) differentiate_queries(
    const __grid_constant__ MoeBackward call, RowFigures<typename Tile::A> figures, int64_t tiles) {
  using A = typename Tile::A;
  A* query = shared_memory<A>();
  A* grad_output = query + Tile::kRowTile;
  A* keys = grad_output + Tile::kRowTile;
  A* values = keys + Tile::kColumnTile;
  A* grad_scores = values + Tile::kColumnTile;

  const MoeProblem& p = call.problem;
  const int y = threadIdx.x / kSide, x = threadIdx.x % kSide;
  const int head_dim = static_cast<int>(p.head_dim);
  const HeadPlace place(p, tiles);
  const int64_t first = place.tile * Tile::kRows;

  Tile::template load<Tile::kRows>(query, HeadRows<A>(p.query, place), first, p.queries, p.head_dim, A(p.scale));
  Tile::template load<Tile::kRows>(
      grad_output, HeadRows<A>(call.grad_output, place), first, p.queries, p.head_dim, A(1));
  A grad_query[Tile::kRowsEach][Tile::kDimsEach] = {};
  for (int e = 0; e < p.experts; ++e) {
    const HeadRows<A> key_rows(p.keys[e], place), value_rows(p.values[e], place);
    const int64_t tokens = p.tokens[e];
    const int64_t figure = place.row_figures(p, e) + first + y;
    const A weight = router_weight<A>(p, place.batch, e);
    A logsumexp[Tile::kRowsEach], sum[Tile::kRowsEach] = {}, dot[Tile::kRowsEach] = {};
#pragma unroll
    for (int i = 0; i < Tile::kRowsEach; ++i) {
      const bool inside = first + y + i * kSide < p.queries;
      logsumexp[i] = inside ? static_cast<const A*>(call.logsumexp)[figure + i * kSide] : A(0);
    }
    A scores[Tile::kRowsEach][Tile::kColumnsEach], products[Tile::kRowsEach][Tile::kColumnsEach];
    const auto next_tile = [&](int64_t token) {
      __syncthreads();  // the tiles before are no longer read
      Tile::template load<Tile::kColumns>(keys, key_rows, token, tokens, p.head_dim, A(1));
      Tile::template load<Tile::kColumns>(values, value_rows, token, tokens, p.head_dim, A(1));
      __syncthreads();
      Tile::multiply_transposed(scores, query, keys, head_dim);
      Tile::multiply_transposed(products, grad_output, values, head_dim);
    };
    for (int64_t token = 0; token < tokens; token += Tile::kColumns) {
      next_tile(token);
#pragma unroll
      for (int i = 0; i < Tile::kRowsEach; ++i) {
#pragma unroll
        for (int j = 0; j < Tile::kColumnsEach; ++j) {
          if (token + x + j * kSide < tokens) {
            const A probability = exp(scores[i][j] - logsumexp[i]);
            sum[i] += probability;
            dot[i] += probability * products[i][j];
          }
        }
      }
    }
#pragma unroll
    for (int i = 0; i < Tile::kRowsEach; ++i) {
      const A normalise = 1 / row_sum(sum[i]);
      const A delta = row_sum(dot[i]) * normalise;
      if (x == 0 && first + y + i * kSide < p.queries) {
        figures.normalise[figure + i * kSide] = normalise;
        figures.delta[figure + i * kSide] = delta;
      }
      sum[i] = weight * normalise;
      dot[i] = delta;
    }
    for (int64_t token = 0; token < tokens; token += Tile::kColumns) {
      next_tile(token);
#pragma unroll
      for (int i = 0; i < Tile::kRowsEach; ++i) {
#pragma unroll
        for (int j = 0; j < Tile::kColumnsEach; ++j) {
          const bool inside = token + x + j * kSide < tokens;
          const A weighted = inside ? exp(scores[i][j] - logsumexp[i]) * sum[i] : A(0);
          grad_scores[(y + i * kSide) * Tile::kWeightStride + x + j * kSide] = weighted * (products[i][j] - dot[i]);
        }
      }
      __syncwarp();  // a row is written and read by the same half of a warp
      Tile::multiply_add(grad_query, grad_scores, keys);
    }
  }
  Tile::write(place.row_of<A>(call.grad_query, p, p.queries), grad_query, p, first, p.queries, A(p.scale));
}

// Rows are tokens of one context, columns are queries.
template <typename Tile>
__global__ void __launch_bounds__(kThreads, 1) differentiate_context(
    const __grid_constant__ MoeBackward call, RowFigures<typename Tile::A> figures, int64_t tiles) {
  using A = typename Tile::A;
  A* keys = shared_memory<A>();
  A* values = keys + Tile::kRowTile;
  A* query = values + Tile::kRowTile;
  A* grad_output = query + Tile::kColumnTile;
  A* weights = grad_output + Tile::kColumnTile;
  A* grad_scores = weights + Tile::kWeightTile;

  const MoeProblem& p = call.problem;
  const int y = threadIdx.x / kSide, x = threadIdx.x % kSide;
  const int head_dim = static_cast<int>(p.head_dim);
  const HeadPlace place(p, tiles);
  int64_t first;
  const int e = context_of_tile(p, place.tile, Tile::kRows, first);
  const int64_t tokens = p.tokens[e];

  Tile::template load<Tile::kRows>(keys, HeadRows<A>(p.keys[e], place), first, tokens, p.head_dim, A(1));
  Tile::template load<Tile::kRows>(values, HeadRows<A>(p.values[e], place), first, tokens, p.head_dim, A(1));
  const HeadRows<A> query_rows(p.query, place), grad_rows(call.grad_output, place);
  const int64_t figure = place.row_figures(p, e);
  const A* logsumexp = static_cast<const A*>(call.logsumexp) + figure;
  const A weight = router_weight<A>(p, place.batch, e);
  A grad_keys[Tile::kRowsEach][Tile::kDimsEach] = {}, grad_values[Tile::kRowsEach][Tile::kDimsEach] = {};
  for (int64_t start = 0; start < p.queries; start += Tile::kColumns) {
    __syncthreads();  // the tiles before are no longer read
    Tile::template load<Tile::kColumns>(query, query_rows, start, p.queries, p.head_dim, A(p.scale));
    Tile::template load<Tile::kColumns>(grad_output, grad_rows, start, p.queries, p.head_dim, A(1));
    __syncthreads();
    A scores[Tile::kRowsEach][Tile::kColumnsEach], products[Tile::kRowsEach][Tile::kColumnsEach];
    Tile::multiply_transposed(scores, keys, query, head_dim);
    Tile::multiply_transposed(products, values, grad_output, head_dim);
#pragma unroll
    for (int j = 0; j < Tile::kColumnsEach; ++j) {
      const int64_t column = start + x + j * kSide;
      const bool inside = column < p.queries;
      const A logarithm = inside ? logsumexp[column] : A(0);
      const A factor = inside ? weight * figures.normalise[figure + column] : A(0);
      const A delta = inside ? figures.delta[figure + column] : A(0);
#pragma unroll
      for (int i = 0; i < Tile::kRowsEach; ++i) {
        // Queries past the last are zeros; their scores of 0 stay finite.
        const A weighted = inside ? exp(scores[i][j] - logarithm) * factor : A(0);
        const int at = (y + i * kSide) * Tile::kWeightStride + x + j * kSide;
        weights[at] = weighted;
        grad_scores[at] = weighted * (products[i][j] - delta);
      }
    }
    __syncwarp();  // a row is written and read by the same half of a warp
    Tile::multiply_add(grad_values, weights, grad_output);
    Tile::multiply_add(grad_keys, grad_scores, query);
  }
  Tile::write(place.row_of<A>(call.grad_keys[e], p, tokens), grad_keys, p, first, tokens, A(1));
  Tile::write(place.row_of<A>(call.grad_values[e], p, tokens), grad_values, p, first, tokens, A(1));
}

template <typename Tile>
void differentiate(const MoeBackward& call, void* workspace, cudaStream_t stream) {
  using A = typename Tile::A;
  const MoeProblem& p = call.problem;
  const RowFigures<A> figures(p, workspace);
  const int64_t heads = p.batch * p.heads, query_tiles = ceil_div(p.queries, Tile::kRows);
  const int64_t token_tiles = context_tiles(p, Tile::kRows);
  launch(
      differentiate_queries<Tile>, query_tiles * heads, kThreads, kBackwardBytes<Tile, 1>, stream, call, figures,
      query_tiles);
  launch(
      differentiate_context<Tile>, token_tiles * heads, kThreads, kBackwardBytes<Tile, 2>, stream, call, figures,
      token_tiles);
  const int64_t rows = p.heads * p.queries;
  launch(
      add_parts<A, A>, p.batch * p.experts, kThreads, 0, stream, static_cast<A*>(call.grad_router),
      Parts{figures.delta, rows, rows, 1, 1.0});
}

}  // namespace

int64_t most_double_head_dim() {
  return has_shared_memory(BackwardBytes<LongDoubleTile>::value) ? kMostHeadDim : kShortDoubleHeadDim;
}

int64_t moe_cross_attention_backward_workspace(const MoeBackward& call) {
  const MoeProblem& p = call.problem;
  if (is_for_tensor_cores(p.dtype)) {
    return tensor_attention_backward_workspace(call);
  }
  const int64_t rows = p.batch * p.experts * p.heads * p.queries;
  return 2 * rows * static_cast<int64_t>(p.dtype == DType::f64 ? sizeof(double) : sizeof(float));
}

void moe_cross_attention_backward(const MoeBackward& call, void* workspace, cudaStream_t stream) {
  if (is_for_tensor_cores(call.problem.dtype)) {
    return tensor_attention_backward(call, workspace, stream);
  }
  with_tile<BackwardBytes>(call.problem, [&](auto tile) { differentiate<decltype(tile)>(call, workspace, stream); });
}

}  // namespace dsvlm::cuda
