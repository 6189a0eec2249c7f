/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Few queries give fewer blocks than a GPU has multiprocessors. Then a block takes one context instead of all of them,
// leaves what it has in float32, and the contexts' parts are added after, in their order.
#pragma once

#include <cmath>

#include "kernels/cuda/head_rows.cuh"
#include "kernels/cuda/reduce.cuh"

namespace dsvlm::cuda {

// Half of the multiprocessors, or a little more, of the GPUs that this is for. With four contexts, so many blocks
// become twice as many as those, and each has a quarter of the work.
constexpr int64_t kFewBlocks = 64;

// By the shape alone: neither the device nor its tile changes how a sum is made.
inline bool splits_contexts(const MoeProblem& p) {
  const int64_t blocks_of_head = p.head_dim <= 160 ? ceil_div(p.queries, 128) : 2 * ceil_div(p.queries, 64);
  return p.experts > 1 && blocks_of_head * p.heads * p.batch <= kFewBlocks;
}

// Of [batch, experts, queries, heads, head_dim] in float32.
inline int64_t context_parts_bytes(const MoeProblem& p) {
  return splits_contexts(p)
             ? p.batch * p.experts * p.queries * p.heads * p.head_dim * static_cast<int64_t>(sizeof(float))
             : 0;
}

// Not shared between files: each has kernels of its own.
namespace {

// to[b, ..] = factor * sum_e weight[b, e] parts[b, e, ..], with the router's weights or with 1.
template <typename T>
__global__ void __launch_bounds__(kThreads)
    add_contexts(T* to, const __grid_constant__ MoeProblem p, const float* parts, bool is_weighed, float factor) {
  const int64_t size = p.queries * p.heads * p.head_dim;
  const int64_t index = blockIdx.x * static_cast<int64_t>(kThreads) + threadIdx.x;
  if (index >= p.batch * size) {
    return;
  }
  const int64_t sample = index / size;
  const float* part = parts + sample * p.experts * size + index % size;
  float sum = 0;
#pragma unroll 4
  for (int e = 0; e < p.experts; ++e) {
    sum = fmaf(is_weighed ? router_weight<T>(p, sample, e) : 1.0f, part[e * size], sum);
  }
  store(to + index, factor * sum);
}

template <typename T>
void launch_add_contexts(
    T* to, const MoeProblem& p, const float* parts, bool is_weighed, float factor, cudaStream_t stream) {
  const int64_t blocks = ceil_div(p.batch * p.queries * p.heads * p.head_dim, kThreads);
  launch(add_contexts<T>, blocks, kThreads, 0, stream, to, p, parts, is_weighed, factor);
}

}  // namespace

}  // namespace dsvlm::cuda
