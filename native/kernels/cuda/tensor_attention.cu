/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Forward of kernels/moe_cross_attention.h on tensor cores: a block takes a tile of one head's queries through
// all contexts, or through one of them, with an online softmax for each.
#include "kernels/cuda/tensor_attention.cuh"

#include <cmath>

namespace dsvlm::cuda {
namespace {

// Two accumulators, of the context and of all contexts, decide what fits into the registers.
template <typename T, int DIM>
using ForwardTile = TensorTile<
    T, DIM, /*ROWS=*/DIM <= 160 ? 128 : 64, /*WARP_ROWS=*/DIM <= 40 ? 32 : 16,
    /*COLUMNS=*/(DIM <= 40 || DIM > 80) ? 32 : 64, /*PARTS=*/DIM <= 160 ? 1 : 2>;

template <typename Tile>
constexpr int kForwardBytes = (Tile::kRowTile + ContextTiles<Tile>::kElements) * 2;

// One context's softmax, so far: maximum and sum of exponentials of each row, the sum over this thread's columns.
template <typename Tile>
struct Softmax {
  typename Tile::RowValues top, sum;

  __device__ Softmax() {
#pragma unroll
    for (int i = 0; i < Tile::kRowTiles; ++i) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        top[i][half] = -INFINITY;
        sum[i][half] = 0;
      }
    }
  }

  // Scores become weights, and what was mixed before is made to fit them. Scores are times scale, which brings
  // them to the base 2; those of columns from count on do not count.
  __device__ void add(typename Tile::Scores& scores, typename Tile::Sums& mixed, float scale, int64_t count) {
    Tile::for_each(scores, [&](float& score, int) { score *= scale; });
    if (count < Tile::kColumns) {
      const int columns = static_cast<int>(count);
      Tile::for_each(scores, [&](float& score, int column) { score = column < columns ? score : -INFINITY; });
    }
#pragma unroll
    for (int i = 0; i < Tile::kRowTiles; ++i) {
      float most[2] = {top[i][0], top[i][1]};
#pragma unroll
      for (int j = 0; j < Tile::kColumnTiles; ++j) {
#pragma unroll
        for (int element = 0; element < 4; ++element) {
          most[element / 2] = fmaxf(most[element / 2], scores[i][j][element]);
        }
      }
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        most[half] = quad_max(most[half]);
        const float correction = exp2_fast(top[i][half] - most[half]);
        top[i][half] = most[half];
        sum[i][half] *= correction;
#pragma unroll
        for (int j = 0; j < Tile::kDimTiles; ++j) {
          mixed[i][j][2 * half] *= correction;
          mixed[i][j][2 * half + 1] *= correction;
        }
      }
#pragma unroll
      for (int j = 0; j < Tile::kColumnTiles; ++j) {
#pragma unroll
        for (int element = 0; element < 4; ++element) {
          scores[i][j][element] = exp2_fast(scores[i][j][element] - most[element / 2]);
          sum[i][element / 2] += scores[i][j][element];
        }
      }
    }
  }
};

// SPLIT: a block takes one context, and leaves it in parts, in float32. Otherwise it takes all of them. One block a
// multiprocessor is enough: else ptxas wants three of the heads of 40, and spills for sm_100 and 120.
template <typename Tile, bool SPLIT>
__global__ void __launch_bounds__(Tile::kThreads, 1)
    attend(const __grid_constant__ MoeForward call, float* parts, int64_t tiles, bool in_vectors) {
  using T = typename Tile::Number;
  T* query = shared_memory<T>();

  const MoeProblem& p = call.problem;
  const HeadPlace place(p, tiles, Tile::kParts, SPLIT ? p.experts : 1);
  const ContextRange contexts(p, place, SPLIT);
  const int64_t first = place.tile * Tile::kRows;
  const bool has_rows = first + Tile::warp_row() < p.queries;
  const float scale = static_cast<float>(p.scale * kLog2OfE);

  Tile::template copy<Tile::kRows>(query, HeadRows<T>(p.query, place), first, p.queries, p.head_dim, in_vectors);
  ContextTiles<Tile> columns(p, place, contexts, query + Tile::kRowTile, in_vectors);

  typename Tile::Sums output = {};
  for (int e = contexts.begin; e < contexts.end; ++e) {
    typename Tile::Sums mixed = {};
    Softmax<Tile> softmax;
    for (int64_t token = 0; token < p.tokens[e]; token += Tile::kColumns) {
      const T* keys = columns.next(e, token);
      if (has_rows) {
        const T* values = keys + Tile::kColumnTile + place.part * Tile::kDimTiles * 8;
        typename Tile::Scores scores;
        Tile::multiply_transposed(scores, query, keys);
        softmax.add(scores, mixed, scale, p.tokens[e] - token);
        typename Tile::Weights weights;
        Tile::round(weights, scores);
        Tile::multiply_add(values, Product<Tile>{mixed, weights});
      }
    }
    const float probability = router_weight<T>(p, place.batch, e);
    float* logsumexp = static_cast<float*>(call.logsumexp) + place.row_figures(p, e);
#pragma unroll
    for (int i = 0; i < Tile::kRowTiles; ++i) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const float sum = quad_sum(softmax.sum[i][half]), normalise = 1 / sum;
#pragma unroll
        for (int j = 0; j < Tile::kDimTiles; ++j) {
#pragma unroll
          for (int element = 2 * half; element < 2 * half + 2; ++element) {
            mixed[i][j][element] *= normalise;
            if (!SPLIT) {
              // As add_contexts does, to the bit.
              output[i][j][element] = fmaf(probability, mixed[i][j][element], output[i][j][element]);
            }
          }
        }
        const int64_t row = first + Tile::row(i, half);
        if (call.logsumexp != nullptr && place.part == 0 && Tile::lane() % 4 == 0 && row < p.queries) {
          logsumexp[row] = softmax.top[i][half] + log2f(sum);
        }
      }
    }
    if (call.context_outputs != nullptr) {
      Tile::write(
          place.row_of_context<T>(call.context_outputs, p, e, p.queries), mixed, p, first, p.queries, place.part, 1.0f);
    }
    if (SPLIT) {
      Tile::write(place.row_of_context<float>(parts, p, e, p.queries), mixed, p, first, p.queries, place.part, 1.0f);
    }
  }
  if (!SPLIT) {
    Tile::write(place.row_of<T>(call.output, p, p.queries), output, p, first, p.queries, place.part, 1.0f);
  }
}

}  // namespace

int64_t tensor_attention_forward_workspace(const MoeForward& call) { return context_parts_bytes(call.problem); }

void tensor_attention_forward(const MoeForward& call, void* workspace, cudaStream_t stream) {
  const MoeProblem& p = call.problem;
  float* const parts = static_cast<float*>(workspace);
  with_tensor_dim(p, [&](auto type, auto dim) {
    using T = decltype(type);
    using Tile = ForwardTile<T, decltype(dim)::value>;
    static_assert(kForwardBytes<Tile> <= kLeastSharedBytes);
    const int64_t tiles = ceil_div(p.queries, Tile::kRows), blocks = tiles * p.heads * p.batch * Tile::kParts;
    const bool vectors = tensors_in_vectors(p);
    if (splits_contexts(p)) {
      launch(
          attend<Tile, true>, blocks * p.experts, Tile::kThreads, kForwardBytes<Tile>, stream, call, parts, tiles,
          vectors);
      launch_add_contexts(static_cast<T*>(call.output), p, parts, /*is_weighed=*/true, 1.0f, stream);
    } else {
      launch(attend<Tile, false>, blocks, Tile::kThreads, kForwardBytes<Tile>, stream, call, parts, tiles, vectors);
    }
  });
}

}  // namespace dsvlm::cuda
