/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Backward of kernels/moe_cross_attention.h on tensor cores, by the equations of moe_cross_attention_backward.cu.
// One kernel owns tiles of queries and gives dq and the rows' delta, one owns tiles of tokens and gives dk and dv,
// one adds delta up to dP. No atomics.
#include "kernels/cuda/launchers.h"
#include "kernels/cuda/reduce.cuh"
#include "kernels/cuda/tensor_attention.cuh"

#include <cmath>

namespace dsvlm::cuda {
namespace {

// Both kernels hold two tiles of rows, and have two accumulators as long as a head. MOST: columns at a head_dim
// of 160, where registers are scarcest.
template <typename T, int DIM, int MOST>
using BackwardTile = TensorTile<
    T, DIM, /*ROWS=*/DIM <= 160 ? 128 : 64, /*WARP_ROWS=*/DIM <= 40 ? 32 : 16,
    /*COLUMNS=*/DIM == 64 || DIM == 80 ? 64 : (DIM == 160 ? MOST : 32), /*PARTS=*/DIM <= 160 ? 1 : 2>;

template <typename Tile>
constexpr int kBackwardBytes =
    (2 * Tile::kRowTile + 4 * Tile::kColumnTile) * 2 + 4 * Tile::kColumns * static_cast<int>(sizeof(float));

// delta must be known for a gradient of a score, but only is at the end of the context. So a row's scores are
// differentiated as if delta were r, what the first tile says that it is; in the end, with both sums known,
//
//   sum_t A (G - delta) k = sum_t A (G - r) k - (delta - r) sum_t A k
//
// r is a mean of G like delta, so that what is subtracted is small. One pass over a context is enough then.
template <typename Tile>
__global__ void __launch_bounds__(Tile::kThreads)
    differentiate_queries(const __grid_constant__ MoeBackward call, float* deltas, int64_t tiles, bool in_vectors) {
  using T = typename Tile::Number;
  T* query = shared_memory<T>();
  T* grad_output = query + Tile::kRowTile;

  const MoeProblem& p = call.problem;
  const HeadPlace place(p, tiles, Tile::kParts);
  const int64_t first = place.tile * Tile::kRows;
  const bool has_rows = first + Tile::warp_row() < p.queries;
  const float scale = static_cast<float>(p.scale * kLog2OfE);

  Tile::template copy<Tile::kRows>(query, HeadRows<T>(p.query, place), first, p.queries, p.head_dim, in_vectors);
  Tile::template copy<Tile::kRows>(
      grad_output, HeadRows<T>(call.grad_output, place), first, p.queries, p.head_dim, in_vectors);
  ContextTiles<Tile> columns(p, place, grad_output + Tile::kRowTile, in_vectors);

  typename Tile::Sums grad_query = {};
  for (int e = 0; e < p.experts; ++e) {
    const float probability = router_weight<T>(p, place.batch, e);
    const int64_t figures = place.row_figures(p, e);
    typename Tile::Sums mean_key = {};
    typename Tile::RowValues logsumexp, reference = {}, sum = {}, dot = {};
#pragma unroll
    for (int i = 0; i < Tile::kRowTiles; ++i) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int64_t row = first + Tile::row(i, half);
        logsumexp[i][half] = row < p.queries ? static_cast<const float*>(call.logsumexp)[figures + row] : 0.0f;
      }
    }
    for (int64_t token = 0; token < p.tokens[e]; token += Tile::kColumns) {
      const T* keys = columns.next(e, token);
      if (!has_rows) {
        continue;
      }
      typename Tile::Scores weights, products;
      Tile::multiply_transposed(weights, query, keys);
      Tile::multiply_transposed(products, grad_output, keys + Tile::kColumnTile);
#pragma unroll
      for (int i = 0; i < Tile::kRowTiles; ++i) {
        float tile_sum[2] = {}, tile_dot[2] = {};
#pragma unroll
        for (int j = 0; j < Tile::kColumnTiles; ++j) {
#pragma unroll
          for (int element = 0; element < 4; ++element) {
            const bool inside = token + Tile::column(j, element) < p.tokens[e];
            const float weight = inside ? exp2_fast(weights[i][j][element] * scale - logsumexp[i][element / 2]) : 0.0f;
            weights[i][j][element] = weight;
            tile_sum[element / 2] += weight;
            tile_dot[element / 2] += weight * products[i][j][element];
          }
        }
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          if (token == 0) {
            const float whole = quad_sum(tile_sum[half]), product = quad_sum(tile_dot[half]);
            reference[i][half] = whole > 0 ? product / whole : 0.0f;
          }
          sum[i][half] += tile_sum[half];
          dot[i][half] += tile_dot[half] - reference[i][half] * tile_sum[half];
        }
      }
      typename Tile::Weights rounded, rounded_gradients;
      Tile::round(rounded, weights);
#pragma unroll
      for (int i = 0; i < Tile::kRowTiles; ++i) {
#pragma unroll
        for (int j = 0; j < Tile::kColumnTiles; ++j) {
#pragma unroll
          for (int element = 0; element < 4; ++element) {
            products[i][j][element] =
                probability * weights[i][j][element] * (products[i][j][element] - reference[i][element / 2]);
          }
        }
      }
      Tile::round(rounded_gradients, products);
      Tile::multiply_add(
          keys + place.part * Tile::kDimTiles * 8, Product<Tile>{grad_query, rounded_gradients},
          Product<Tile>{mean_key, rounded});
    }
#pragma unroll
    for (int i = 0; i < Tile::kRowTiles; ++i) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const float shift = quad_sum(dot[i][half]) / quad_sum(sum[i][half]), factor = probability * shift;
#pragma unroll
        for (int j = 0; j < Tile::kDimTiles; ++j) {
          grad_query[i][j][2 * half] -= factor * mean_key[i][j][2 * half];
          grad_query[i][j][2 * half + 1] -= factor * mean_key[i][j][2 * half + 1];
        }
        const int64_t row = first + Tile::row(i, half);
        if (place.part == 0 && Tile::lane() % 4 == 0 && row < p.queries) {
          deltas[figures + row] = reference[i][half] + shift;
        }
      }
    }
  }
  Tile::write(
      place.row_of<T>(call.grad_query, p, p.queries), grad_query, p, first, p.queries, place.part,
      static_cast<float>(p.scale));
}

// Rows are tokens of one context, columns are queries.
template <typename Tile>
__global__ void __launch_bounds__(Tile::kThreads) differentiate_context(
    const __grid_constant__ MoeBackward call, const float* deltas, int64_t tiles, bool in_vectors) {
  using T = typename Tile::Number;
  T* keys = shared_memory<T>();
  T* values = keys + Tile::kRowTile;
  T* buffers = values + Tile::kRowTile;  // twice: queries, gradients of the output
  float* figure_buffers = reinterpret_cast<float*>(buffers + 4 * Tile::kColumnTile);  // twice: logarithms, deltas

  const MoeProblem& p = call.problem;
  const HeadPlace place(p, tiles, Tile::kParts);
  int64_t first;
  const int e = context_of_tile(p, place.tile, Tile::kRows, first);
  const int64_t tokens = p.tokens[e];
  const bool has_rows = first + Tile::warp_row() < tokens;
  const float scale = static_cast<float>(p.scale * kLog2OfE);

  const HeadRows<T> query_rows(p.query, place), grad_rows(call.grad_output, place);
  const int64_t figures = place.row_figures(p, e);
  const float* logsumexp = static_cast<const float*>(call.logsumexp) + figures;
  const auto copy_columns = [&](int buffer, int64_t start) {
    T* query = buffers + buffer * 2 * Tile::kColumnTile;
    float* logarithms = figure_buffers + buffer * 2 * Tile::kColumns;
    Tile::template copy<Tile::kColumns>(query, query_rows, start, p.queries, p.head_dim, in_vectors);
    Tile::template copy<Tile::kColumns>(query + Tile::kColumnTile, grad_rows, start, p.queries, p.head_dim, in_vectors);
    for (int i = threadIdx.x; i < Tile::kColumns; i += Tile::kThreads) {
      if (start + i < p.queries) {
        copy_4_bytes(logarithms + i, logsumexp + start + i);
        copy_4_bytes(logarithms + Tile::kColumns + i, deltas + figures + start + i);
      } else {
        logarithms[i] = INFINITY;  // a query that is not there has the weight 0
        logarithms[Tile::kColumns + i] = 0;
      }
    }
  };
  Tile::template copy<Tile::kRows>(keys, HeadRows<T>(p.keys[e], place), first, tokens, p.head_dim, in_vectors);
  Tile::template copy<Tile::kRows>(values, HeadRows<T>(p.values[e], place), first, tokens, p.head_dim, in_vectors);
  copy_columns(0, 0);

  typename Tile::Sums grad_keys = {}, grad_values = {};
  int buffer = 0;
  for (int64_t start = 0; start < p.queries; start += Tile::kColumns, buffer ^= 1) {
    wait_for_copies();
    __syncthreads();  // this tile is there, and the one before is no longer read
    if (start + Tile::kColumns < p.queries) {
      copy_columns(buffer ^ 1, start + Tile::kColumns);
    }
    if (!has_rows) {
      continue;
    }
    const T* query = buffers + buffer * 2 * Tile::kColumnTile;
    const T* grad_output = query + Tile::kColumnTile;
    const float* logarithms = figure_buffers + buffer * 2 * Tile::kColumns;
    const int offset = place.part * Tile::kDimTiles * 8;
    typename Tile::Scores weights, products;
    Tile::multiply_transposed(weights, keys, query);
    Tile::multiply_transposed(products, values, grad_output);
#pragma unroll
    for (int j = 0; j < Tile::kColumnTiles; ++j) {
#pragma unroll
      for (int side = 0; side < 2; ++side) {
        const int column = Tile::column(j, side);
        const float logarithm = logarithms[column], delta = logarithms[Tile::kColumns + column];
#pragma unroll
        for (int i = 0; i < Tile::kRowTiles; ++i) {
#pragma unroll
          for (int element = side; element < 4; element += 2) {
            const float weight = exp2_fast(weights[i][j][element] * scale - logarithm);
            weights[i][j][element] = weight;
            products[i][j][element] = weight * (products[i][j][element] - delta);
          }
        }
      }
    }
    typename Tile::Weights rounded;
    Tile::round(rounded, weights);
    Tile::multiply_add(grad_output + offset, Product<Tile>{grad_values, rounded});
    Tile::round(rounded, products);
    Tile::multiply_add(query + offset, Product<Tile>{grad_keys, rounded});
  }
  const float probability = router_weight<T>(p, place.batch, e);
  Tile::write(
      place.row_of<T>(call.grad_keys[e], p, tokens), grad_keys, p, first, tokens, place.part,
      probability * static_cast<float>(p.scale));
  Tile::write(place.row_of<T>(call.grad_values[e], p, tokens), grad_values, p, first, tokens, place.part, probability);
}

}  // namespace

int64_t tensor_attention_backward_workspace(int64_t rows) { return rows * static_cast<int64_t>(sizeof(float)); }

void tensor_attention_backward(const MoeBackward& call, void* workspace, cudaStream_t stream) {
  const MoeProblem& p = call.problem;
  float* deltas = static_cast<float*>(workspace);
  const bool vectors = tensors_in_vectors(p) && in_vectors(call.grad_output);
  with_tensor_dim(p, [&](auto type, auto dim) {
    using T = decltype(type);
    using QueryTile = BackwardTile<T, decltype(dim)::value, 16>;
    using ContextTile = BackwardTile<T, decltype(dim)::value, 32>;
    const int64_t blocks_per_tile = p.heads * p.batch * QueryTile::kParts;
    const int64_t query_tiles = ceil_div(p.queries, QueryTile::kRows);
    launch(
        differentiate_queries<QueryTile>, query_tiles * blocks_per_tile, QueryTile::kThreads, kBackwardBytes<QueryTile>,
        stream, call, deltas, query_tiles, vectors);
    const int64_t token_tiles = context_tiles(p, ContextTile::kRows);
    launch(
        differentiate_context<ContextTile>, token_tiles * blocks_per_tile, ContextTile::kThreads,
        kBackwardBytes<ContextTile>, stream, call, deltas, token_tiles, vectors);
    const int64_t rows = p.heads * p.queries;
    launch(
        add_parts<T, float>, p.batch * p.experts, kThreads, 0, stream, static_cast<T*>(call.grad_router),
        Parts{deltas, rows, rows, 1, 1.0});
  });
}

}  // namespace dsvlm::cuda
