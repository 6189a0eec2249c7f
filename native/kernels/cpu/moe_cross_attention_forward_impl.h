/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// See kernels/moe_cross_attention.h for the equations. Compiled once per instruction set, see simd.h.
//
// A task is one head of one sample and a range of its queries. It takes one context after the other: packs
// the context's keys and values (read with their strides, widened to the accumulation type), then goes
// through its queries in blocks so small that a block's scores stay in the second-level cache.
#pragma once

#include <omp.h>

#include "kernels/cpu/gemm.h"
#include "kernels/moe_cross_attention.h"

namespace dsvlm::cpu::DSVLM_ISA {

// Multiply-adds below which a second thread costs more than it brings.
constexpr int64_t kParallelWork = 1 << 18;
constexpr int64_t kScoresInCache = 48 * 1024;

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// One head of one sample of a strided tensor: rows are queries or tokens.
template <typename T>
struct Rows {
  const T* data;
  int64_t row, column;

  Rows(const Strided4& tensor, int64_t batch, int64_t head)
      : data(static_cast<const T*>(tensor.data) + batch * tensor.stride[0] + head * tensor.stride[2]),
        row(tensor.stride[1]),
        column(tensor.stride[3]) {}

  Accumulator<T> at(int64_t i, int64_t j) const { return load(data[i * row + j * column]); }
};

// to[i, j] = factor * from[first + i, j], columns padded with zeros.
template <typename T, typename A>
void pack(A* to, int64_t width, const Rows<T>& from, int64_t first, int64_t rows, int64_t columns, A factor) {
  for (int64_t i = 0; i < rows; ++i, to += width) {
    if (from.column == 1) {
      const T* line = from.data + (first + i) * from.row;
      for (int64_t j = 0; j < columns; ++j) {
        to[j] = factor * load(line[j]);
      }
    } else {
      for (int64_t j = 0; j < columns; ++j) {
        to[j] = factor * from.at(first + i, j);
      }
    }
    for (int64_t j = columns; j < width; ++j) {
      to[j] = 0;
    }
  }
}

// to[j, i] = from[i, j], rows of to padded with zeros.
template <typename T, typename A>
void pack_transposed(A* to, int64_t width, const Rows<T>& from, int64_t rows, int64_t columns) {
  for (int64_t j = 0; j < columns; ++j) {
    for (int64_t i = 0; i < rows; ++i) {
      to[j * width + i] = from.at(i, j);
    }
    for (int64_t i = rows; i < width; ++i) {
      to[j * width + i] = 0;
    }
  }
}

// Sizes that all tasks share.
template <typename A>
struct MoeSizes {
  int64_t dim, most_tokens, block, tasks_per_head, queries_per_task;

  MoeSizes(const MoeProblem& p, int64_t queries_wanted) : dim(padded<A>(p.head_dim)), most_tokens(0) {
    for (int e = 0; e < p.experts; ++e) {
      int64_t tokens = padded<A>(p.tokens[e]);
      most_tokens = tokens > most_tokens ? tokens : most_tokens;
    }
    block = kScoresInCache / most_tokens / kTileRows * kTileRows;
    block = block < kTileRows ? kTileRows : block > 64 ? 64 / kTileRows * kTileRows : block;
    block = block > p.queries ? p.queries : block;
    queries_per_task = ceil_div(queries_wanted, block) * block;
    queries_per_task = queries_per_task > p.queries ? p.queries : queries_per_task;
    tasks_per_head = ceil_div(p.queries, queries_per_task);
  }
};

inline int64_t multiply_adds(const MoeProblem& p) {
  int64_t tokens = 0;
  for (int e = 0; e < p.experts; ++e) {
    tokens += p.tokens[e];
  }
  return p.batch * p.heads * p.queries * tokens * p.head_dim;
}

template <typename T>
Accumulator<T> router_weight(const MoeProblem& p, int64_t batch, int expert) {
  return load(static_cast<const T*>(p.router)[batch * p.router_stride[0] + expert * p.router_stride[1]]);
}

// Turns a row of scores into weight * softmax and returns the logarithm of the sum of exponentials.
template <typename A>
A softmax_row(A* row, int64_t tokens, A weight) {
  using V = Vector<A>;
  int64_t width = padded<A>(tokens);
  for (int64_t j = tokens; j < width; ++j) {
    row[j] = -static_cast<A>(INFINITY);
  }
  V most = load_vector(row);
  for (int64_t j = kLanes<A>; j < width; j += kLanes<A>) {
    V next = load_vector(row + j);
    most = next > most ? next : most;
  }
  A top = most[0];
  for (int i = 1; i < kLanes<A>; ++i) {
    top = most[i] > top ? most[i] : top;
  }
  V sums = {};
  for (int64_t j = 0; j < width; j += kLanes<A>) {
    V e = exp_of(load_vector(row + j) - top);
    store_vector(row + j, e);
    sums += e;
  }
  A sum = sum_of<A>(sums);
  A factor = weight / sum;
  for (int64_t j = 0; j < width; j += kLanes<A>) {
    store_vector(row + j, load_vector(row + j) * factor);
  }
  return top + static_cast<A>(::log(static_cast<double>(sum)));
}

template <typename T>
struct ForwardTask {
  using A = Accumulator<T>;

  const MoeForward& call;
  const MoeSizes<A>& sizes;
  A *keys, *values, *query, *scores, *output;

  static int64_t bytes(const MoeProblem& p, const MoeSizes<A>& s) {
    return static_cast<int64_t>(sizeof(A)) *
           (p.head_dim * s.most_tokens + s.most_tokens * s.dim + s.block * (s.dim + s.most_tokens) +
            s.queries_per_task * s.dim);
  }

  ForwardTask(const MoeForward& forward, const MoeSizes<A>& s, A* scratch) : call(forward), sizes(s) {
    keys = scratch;
    values = keys + call.problem.head_dim * s.most_tokens;
    query = values + s.most_tokens * s.dim;
    scores = query + s.block * s.dim;
    output = scores + s.block * s.most_tokens;
  }

  void run(int64_t batch, int64_t head, int64_t first) {
    const MoeProblem& p = call.problem;
    int64_t count = p.queries - first < sizes.queries_per_task ? p.queries - first : sizes.queries_per_task;
    memset(output, 0, sizeof(A) * count * sizes.dim);
    Rows<T> queries(p.query, batch, head);
    for (int e = 0; e < p.experts; ++e) {
      int64_t width = padded<A>(p.tokens[e]);
      pack_transposed(keys, width, Rows<T>(p.keys[e], batch, head), p.tokens[e], p.head_dim);
      pack(values, sizes.dim, Rows<T>(p.values[e], batch, head), 0, p.tokens[e], p.head_dim, A(1));
      A weight = router_weight<T>(p, batch, e);
      A* logsumexp = call.logsumexp == nullptr
                         ? nullptr
                         : static_cast<A*>(call.logsumexp) + ((batch * p.experts + e) * p.heads + head) * p.queries;
      for (int64_t i = 0; i < count; i += sizes.block) {
        int64_t rows = count - i < sizes.block ? count - i : sizes.block;
        pack(query, sizes.dim, queries, first + i, rows, p.head_dim, A(p.scale));
        multiply<A, false>(scores, width, query, sizes.dim, 1, keys, width, rows, width, p.head_dim);
        for (int64_t r = 0; r < rows; ++r) {
          A sum = softmax_row(scores + r * width, p.tokens[e], weight);
          if (logsumexp != nullptr) {
            logsumexp[first + i + r] = sum;
          }
        }
        multiply<A, true>(
            output + i * sizes.dim, sizes.dim, scores, width, 1, values, sizes.dim, rows, sizes.dim, p.tokens[e]);
      }
    }
    T* to = static_cast<T*>(call.output) + ((batch * p.queries + first) * p.heads + head) * p.head_dim;
    for (int64_t i = 0; i < count; ++i) {
      for (int64_t j = 0; j < p.head_dim; ++j) {
        store(to + i * p.heads * p.head_dim + j, output[i * sizes.dim + j]);
      }
    }
  }
};

template <typename T>
bool forward_of(const MoeForward& call) {
  using A = Accumulator<T>;
  const MoeProblem& p = call.problem;
  const MoeSizes<A> sizes(p, 512);
  const int64_t tasks = p.batch * p.heads * sizes.tasks_per_head;
  const int64_t most = multiply_adds(p) < kParallelWork ? 1 : omp_get_max_threads();
  const int threads = static_cast<int>(tasks < most ? tasks : most);
  Scratch scratch(threads, ForwardTask<T>::bytes(p, sizes));
  if (scratch.failed()) {
    return false;
  }
#pragma omp parallel for schedule(dynamic) num_threads(threads) if (threads > 1)
  for (int64_t task = 0; task < tasks; ++task) {
    int64_t head = task / sizes.tasks_per_head;
    int64_t first = task % sizes.tasks_per_head * sizes.queries_per_task;
    ForwardTask<T>(call, sizes, scratch.at<A>(omp_get_thread_num())).run(head / p.heads, head % p.heads, first);
  }
  return true;
}

bool forward(const MoeForward& call) { DSVLM_CALL_FOR_TYPE(forward_of, call.problem.dtype, call) }

}  // namespace dsvlm::cpu::DSVLM_ISA
