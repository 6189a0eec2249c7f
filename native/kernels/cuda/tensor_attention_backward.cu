/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Backward of kernels/moe_cross_attention.h on tensor cores, by the equations of moe_cross_attention_backward.cu.
// One kernel makes the rows' delta of what the forward kept, one owns tiles of queries and gives dq and the delta that
// comes of its own sums, one owns tiles of tokens and gives dk and dv, one adds delta up to dP. No atomics.
#include "kernels/cuda/launchers.h"
#include "kernels/cuda/reduce.cuh"
#include "kernels/cuda/tensor_attention.cuh"

#include <cmath>

namespace dsvlm::cuda {
namespace {

// Both kernels hold two tiles of rows; one has an accumulator as long as a head, the other two. Long heads have a
// small tile beside the large one, for devices where a block has 99 KiB of shared memory. Short ones have narrow tiles
// in the kernel of the queries, whose two blocks a multiprocessor leave a thread 128 registers.
template <typename T, int DIM, bool SMALL, int WARP_ROWS = 16>
using BackwardTile = TensorTile<
    T, DIM, /*ROWS=*/(DIM <= 160 ? 128 : 64) / (SMALL ? 2 : 1), WARP_ROWS,
    /*COLUMNS=*/DIM == 64 || DIM == 80 ? 64 : ((SMALL && DIM != 160) || (DIM <= 40 && WARP_ROWS == 16) ? 16 : 32),
    /*PARTS=*/DIM <= 160 ? 1 : 2>;

template <int DIM>
constexpr bool kHasSmallTile = DIM > 80;

template <typename Tile>
constexpr int kBackwardBytes =
    (2 * Tile::kRowTile + 4 * Tile::kColumnTile) * 2 + 4 * Tile::kColumns * static_cast<int>(sizeof(float));

inline int64_t row_figures(const MoeProblem& p) { return p.batch * p.experts * p.heads * p.queries; }

// Per row of scores, see HeadPlace. What the forward kept is rounded, and so delta of it; with it, the kernel of the
// queries has sum_t A (G - rounded) = delta - rounded at its end, for all that come after.
struct Deltas {
  float *rounded, *exact;
};

// 16 bytes of a 16-bit type.
struct alignas(16) EightNumbers {
  unsigned pairs[4];
};

// The first `count` of eight numbers, then zeros. With in_vectors they are 16 bytes at a multiple of 16, or none.
template <typename T>
__device__ void load_eight(float (&to)[8], const T* from, int64_t stride, int count, bool in_vectors) {
  if (in_vectors) {
    const EightNumbers eight = count > 0 ? *reinterpret_cast<const EightNumbers*>(from) : EightNumbers{};
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      to[i] = load(T{static_cast<uint16_t>(eight.pairs[i / 2] >> (i % 2 * 16))});
    }
  } else {
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      to[i] = i < count ? load(from[i * stride]) : 0.0f;
    }
  }
}

// deltas[b, e, h, n] = g[b, n, h] . out_e[b, n, h]; LANES lanes a row of g, eight numbers each.
template <typename T, int LANES>
__global__ void __launch_bounds__(kThreads)
    dot_rows(const __grid_constant__ MoeBackward call, float* deltas, bool in_vectors) {
  const MoeProblem& p = call.problem;
  const int64_t own = blockIdx.x * static_cast<int64_t>(kThreads / LANES) + threadIdx.x / LANES;
  const bool is_row = own < p.batch * p.queries * p.heads;
  const int64_t index = is_row ? own : 0;  // a warp stays whole
  const int64_t head = index % p.heads, query = index / p.heads % p.queries, sample = index / p.heads / p.queries;
  const int dims = static_cast<int>(p.head_dim), lane = threadIdx.x % LANES, d = lane * 8;
  const Strided4& g = call.grad_output;
  const T* row = static_cast<const T*>(g.data) + sample * g.stride[0] + query * g.stride[1] + head * g.stride[2];
  float grad[8];
  load_eight(grad, row + d * g.stride[3], g.stride[3], dims - d, in_vectors);
  const int64_t context = p.queries * p.heads * dims;
  const T* outputs =
      static_cast<const T*>(call.context_outputs) + sample * p.experts * context + (query * p.heads + head) * dims + d;
  float sums[kMaxExperts] = {};  // all are read before one is written
#pragma unroll
  for (int e = 0; e < kMaxExperts; ++e) {
    if (e < p.experts) {
      float output[8];
      load_eight(output, outputs + e * context, 1, dims - d, in_vectors);
#pragma unroll
      for (int i = 0; i < 8; ++i) {
        sums[e] += grad[i] * output[i];
      }
    }
  }
#pragma unroll
  for (int e = 0; e < kMaxExperts; ++e) {
    if (e < p.experts) {
#pragma unroll
      for (int distance = LANES / 2; distance > 0; distance /= 2) {
        sums[e] += __shfl_xor_sync(kWholeWarp, sums[e], distance);
      }
      if (is_row && lane == 0) {
        deltas[((sample * p.experts + e) * p.heads + head) * p.queries + query] = sums[e];
      }
    }
  }
}

template <typename T>
void launch_dot_rows(const MoeBackward& call, float* deltas, cudaStream_t stream) {
  const MoeProblem& p = call.problem;
  const bool vectors = p.head_dim % 8 == 0 && in_vectors(call.grad_output) &&
                       reinterpret_cast<uintptr_t>(call.context_outputs) % 16 == 0;
  const auto with_lanes = [&](auto lanes) {
    constexpr int kLanes = decltype(lanes)::value;
    const int64_t blocks = ceil_div(p.batch * p.queries * p.heads, kThreads / kLanes);
    launch(dot_rows<T, kLanes>, blocks, kThreads, 0, stream, call, deltas, vectors);
  };
  if (p.head_dim <= 64) {
    with_lanes(std::integral_constant<int, 8>());
  } else if (p.head_dim <= 128) {
    with_lanes(std::integral_constant<int, 16>());
  } else {
    static_assert(kMostHeadDim <= 32 * 8);
    with_lanes(std::integral_constant<int, 32>());
  }
}

// The blocks a multiprocessor that short heads are laid out for, and of others one: else ptxas chooses so many for
// sm_100 and 120 that it spills.
template <typename Tile>
constexpr int kQueryBlocks = Tile::kDimTiles * Tile::kParts <= 5 ? 2 : 1;

// parts: the sum of each context alone, without the scale, in float32, where a block takes one context; else null.
template <typename Tile>
__global__ void __launch_bounds__(Tile::kThreads, kQueryBlocks<Tile>) differentiate_queries(
    const __grid_constant__ MoeBackward call, Deltas deltas, float* parts, int64_t tiles, bool in_vectors) {
  using T = typename Tile::Number;
  T* query = shared_memory<T>();
  T* grad_output = query + Tile::kRowTile;

  const MoeProblem& p = call.problem;
  const HeadPlace place(p, tiles, Tile::kParts, parts != nullptr ? p.experts : 1);
  const ContextRange contexts(p, place, parts != nullptr);
  const int64_t first = place.tile * Tile::kRows;
  const bool has_rows = first + Tile::warp_row() < p.queries;
  const float scale = static_cast<float>(p.scale * kLog2OfE);

  Tile::template copy<Tile::kRows>(query, HeadRows<T>(p.query, place), first, p.queries, p.head_dim, in_vectors);
  Tile::template copy<Tile::kRows>(
      grad_output, HeadRows<T>(call.grad_output, place), first, p.queries, p.head_dim, in_vectors);
  ContextTiles<Tile> columns(p, place, contexts, grad_output + Tile::kRowTile, in_vectors);

  typename Tile::Sums grad_query = {};
  for (int e = contexts.begin; e < contexts.end; ++e) {
    const float probability = router_weight<T>(p, place.batch, e);
    const int64_t figures = place.row_figures(p, e);
    typename Tile::RowValues logsumexp, delta, rest = {};  // both last times the probability
#pragma unroll
    for (int i = 0; i < Tile::kRowTiles; ++i) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int64_t row = first + Tile::row(i, half);
        const bool inside = row < p.queries;
        logsumexp[i][half] = inside ? static_cast<const float*>(call.logsumexp)[figures + row] : 0.0f;
        delta[i][half] = inside ? probability * deltas.rounded[figures + row] : 0.0f;
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
      const int64_t left = p.tokens[e] - token;
#pragma unroll
      for (int i = 0; i < Tile::kRowTiles; ++i) {
#pragma unroll
        for (int j = 0; j < Tile::kColumnTiles; ++j) {
#pragma unroll
          for (int element = 0; element < 4; ++element) {
            weights[i][j][element] = exp2_fast(weights[i][j][element] * scale - logsumexp[i][element / 2]);
          }
        }
      }
      if (left < Tile::kColumns) {
        const int columns = static_cast<int>(left);
        Tile::for_each(weights, [&](float& weight, int column) { weight = column < columns ? weight : 0.0f; });
      }
#pragma unroll
      for (int i = 0; i < Tile::kRowTiles; ++i) {
#pragma unroll
        for (int j = 0; j < Tile::kColumnTiles; ++j) {
#pragma unroll
          for (int element = 0; element < 4; ++element) {
            const int half = element / 2;
            products[i][j][element] =
                weights[i][j][element] * fmaf(probability, products[i][j][element], -delta[i][half]);
            rest[i][half] += products[i][j][element];
          }
        }
      }
      typename Tile::Weights rounded;
      Tile::round(rounded, products);
      Tile::multiply_add(keys + place.part * Tile::kDimTiles * 8, Product<Tile>{grad_query, rounded});
    }
#pragma unroll
    for (int i = 0; i < Tile::kRowTiles; ++i) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const float difference = quad_sum(rest[i][half]);
        const int64_t row = first + Tile::row(i, half);
        if (place.part == 0 && Tile::lane() % 4 == 0 && row < p.queries) {
          // A context of the probability 0 has gradients of 0, and the router's is that of the rounded outputs.
          deltas.exact[figures + row] =
              deltas.rounded[figures + row] + (probability == 0 ? 0.0f : difference / probability);
        }
      }
    }
  }
  if (parts != nullptr) {
    float* to = place.row_of_context<float>(parts, p, contexts.begin, p.queries);
    Tile::write(to, grad_query, p, first, p.queries, place.part, 1.0f);
  } else {
    T* to = place.row_of<T>(call.grad_query, p, p.queries);
    Tile::write(to, grad_query, p, first, p.queries, place.part, static_cast<float>(p.scale));
  }
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

template <typename Tile, typename ContextTile>
void differentiate(const MoeBackward& call, Deltas deltas, float* parts, bool vectors, cudaStream_t stream) {
  using T = typename Tile::Number;
  const MoeProblem& p = call.problem;
  const int64_t blocks_per_tile = p.heads * p.batch * Tile::kParts, rows = p.heads * p.queries;
  launch_dot_rows<T>(call, deltas.rounded, stream);
  const int64_t query_tiles = ceil_div(p.queries, Tile::kRows), groups = parts != nullptr ? p.experts : 1;
  launch(
      differentiate_queries<Tile>, query_tiles * blocks_per_tile * groups, Tile::kThreads, kBackwardBytes<Tile>, stream,
      call, deltas, parts, query_tiles, vectors);
  if (parts != nullptr) {
    const float scale = static_cast<float>(p.scale);
    launch_add_contexts(static_cast<T*>(call.grad_query), p, parts, /*is_weighed=*/false, scale, stream);
  }
  const int64_t token_tiles = context_tiles(p, ContextTile::kRows);
  launch(
      differentiate_context<ContextTile>, token_tiles * blocks_per_tile, ContextTile::kThreads,
      kBackwardBytes<ContextTile>, stream, call, deltas.exact, token_tiles, vectors);
  launch(
      add_parts<T, float>, p.batch * p.experts, kThreads, 0, stream, static_cast<T*>(call.grad_router),
      Parts{deltas.exact, rows, rows, 1, 1.0});
}

}  // namespace

int64_t tensor_attention_backward_workspace(const MoeBackward& call) {
  const MoeProblem& p = call.problem;
  return 2 * row_figures(p) * static_cast<int64_t>(sizeof(float)) + context_parts_bytes(p);
}

void tensor_attention_backward(const MoeBackward& call, void* workspace, cudaStream_t stream) {
  const MoeProblem& p = call.problem;
  float* const rounded = static_cast<float*>(workspace);
  const Deltas deltas{rounded, rounded + row_figures(p)};
  float* const parts = splits_contexts(p) ? rounded + 2 * row_figures(p) : nullptr;
  const bool vectors = tensors_in_vectors(p) && in_vectors(call.grad_output);
  with_tensor_dim(p, [&](auto type, auto dim) {
    using T = decltype(type);
    constexpr int kDim = decltype(dim)::value;
    using Large = BackwardTile<T, kDim, false>;
    if constexpr (kHasSmallTile<kDim>) {
      if (!has_shared_memory(kBackwardBytes<Large>)) {
        using Small = BackwardTile<T, kDim, true>;
        static_assert(kBackwardBytes<Small> <= kLeastSharedBytes);
        return differentiate<Small, Small>(call, deltas, parts, vectors, stream);
      }
    }
    static_assert(kHasSmallTile<kDim> || kBackwardBytes<Large> <= kLeastSharedBytes);
    // Short heads leave the context's kernel registers for twice the rows a warp.
    differentiate<Large, BackwardTile<T, kDim, false, kDim <= 40 ? 32 : 16>>(call, deltas, parts, vectors, stream);
  });
}

}  // namespace dsvlm::cuda
