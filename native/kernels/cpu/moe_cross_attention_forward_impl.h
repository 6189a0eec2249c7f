/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// See kernels/moe_cross_attention.h for the equations. Compiled once per instruction set, see simd.h.
//
// A task is one head of one sample and a range of its queries. It takes one context after the other and goes
// through its queries in blocks so small that a block's scores stay in the second-level cache. Keys and values
// are read where they lie if few blocks read them, else packed first, widened to the accumulation type.
//
// Scores are transposed: a row is a token, a lane of a vector a query. So the softmax needs no sum over
// lanes, numbers of tokens and head_dim need no padding, and keys and values are left operands of products,
// which take any layout. Only blocks of queries are transposed and padded, once for all contexts.
#pragma once

#include <omp.h>

#include "kernels/cpu/gemm.h"
#include "kernels/moe_cross_attention.h"

namespace dsvlm::cpu::DSVLM_ISA {

// Multiply-adds below which a second thread costs more than it brings.
constexpr int64_t kParallelWork = 1 << 18;
constexpr int64_t kScoresInCache = 48 * 1024;
constexpr int64_t kMostBlock = 48;
// A head's rows lie apart, and are too short for the processor to foresee the next.
constexpr int64_t kRowsAhead = 6;
// Up to so many queries, packing keys and values takes more time than it saves.
constexpr int64_t kFewQueries = 256;
constexpr double kLog2E = 1.44269504088896340736;

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
      for (int64_t j = 0; j < columns; j += 64 / static_cast<int64_t>(sizeof(T))) {
        __builtin_prefetch(line + kRowsAhead * from.row + j);
      }
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

// to[j, i] = factor * from[first + i, j], rows of to padded with zeros.
template <typename T, typename A>
void pack_transposed(
    A* to, int64_t width, const Rows<T>& from, int64_t first, int64_t rows, int64_t columns, A factor) {
  for (int64_t j = 0; j < columns; ++j) {
    for (int64_t i = 0; i < rows; ++i) {
      to[j * width + i] = factor * from.at(first + i, j);
    }
    for (int64_t i = rows; i < width; ++i) {
      to[j * width + i] = 0;
    }
  }
}

// to[i, j] = factor * from[j, i]
template <typename T, typename A>
void unpack_transposed(T* to, int64_t to_row, const A* from, int64_t width, int64_t rows, int64_t columns, A factor) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      store(to + i * to_row + j, factor * from[j * width + i]);
    }
  }
}

// Keys or values of one head and context, the left operand of products: element (i, j) is data[i * row + j * column].
template <typename A>
struct Left {
  const A* data;
  int64_t row, column;
};

// Whether elements of type T can be read as numbers of the accumulation type.
template <typename T>
constexpr bool kComputedAsStored = sizeof(T) == sizeof(Accumulator<T>);

// Rows of `from` where they lie; there is no such operand unless kComputedAsStored<T>.
template <typename T>
Left<Accumulator<T>> in_place(const Rows<T>& from) {
  if constexpr (kComputedAsStored<T>) {
    return {from.data, from.row, from.column};
  } else {
    return {nullptr, 0, 0};
  }
}

// Sizes that all tasks share.
template <typename T>
struct MoeSizes {
  using A = Accumulator<T>;

  int64_t most_tokens, block, tasks_per_head, queries_per_task;
  bool packs;  // keys and values

  MoeSizes(const MoeProblem& p, int64_t queries_wanted)
      : most_tokens(0), packs(!kComputedAsStored<T> || p.queries > kFewQueries) {
    for (int e = 0; e < p.experts; ++e) {
      most_tokens = p.tokens[e] > most_tokens ? p.tokens[e] : most_tokens;
    }
    block = kScoresInCache / most_tokens / kLanes<A> * kLanes<A>;
    block = block < kLanes<A> ? kLanes<A> : block > kMostBlock ? kMostBlock : block;
    if (p.queries < 2 * block) {
      const int64_t most_rows = p.queries > block ? (p.queries + 1) / 2 : p.queries;
      block = padded<A>(most_rows);
    }
    queries_per_task = ceil_div(queries_wanted, block) * block;
    queries_per_task = queries_per_task > p.queries ? p.queries : queries_per_task;
    tasks_per_head = ceil_div(p.queries, queries_per_task);
  }

  // Queries of a task that are padded to whole vectors.
  int64_t padded_queries() const { return padded<A>(queries_per_task); }

  // Numbers that one context's keys, or values, take up when packed.
  int64_t packed(int64_t dim) const { return packs ? most_tokens * dim : 0; }

  Left<A> left(A* scratch, const Rows<T>& from, int64_t rows, int64_t dim) const {
    if (!packs) {
      return in_place(from);
    }
    pack(scratch, dim, from, 0, rows, dim, A(1));
    return {scratch, dim, 1};
  }
};

// A run of a task's queries. Its transposed operands start at element first * head_dim of the task's: all
// blocks but the last are whole vectors.
template <typename T>
struct Block {
  using A = Accumulator<T>;

  int64_t first, rows, width;

  Block(const MoeSizes<T>& sizes, int64_t from, int64_t count) : first(from), rows(sizes.block) {
    const int64_t left = count - from;
    // The last two share what is left, rather than one being a tile too narrow to be fast.
    if (left > sizes.block && left < 2 * sizes.block) {
      rows = padded<A>((left + 1) / 2);
    }
    rows = rows < left ? rows : left;
    width = padded<A>(rows);
  }
  int64_t next() const { return first + rows; }
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

// Turns the columns of scores [tokens, width] into weight * softmax, with 2 for e: the queries were multiplied by
// log2(e). Writes the logarithms to the base of 2 of the first rows columns' sums if wanted.
template <typename A>
void softmax_columns(A* scores, int64_t tokens, int64_t width, A weight, A* logsumexp, int64_t rows) {
  using V = Vector<A>;
  for (int64_t j = 0; j < width; j += kLanes<A>) {
    V top = load_vector(scores + j);
    for (int64_t t = 1; t < tokens; ++t) {
      V next = load_vector(scores + t * width + j);
      top = next > top ? next : top;
    }
    V sum = {};
    for (int64_t t = 0; t < tokens; ++t) {
      V e = exp2_of(load_vector(scores + t * width + j) - top);
      store_vector(scores + t * width + j, e);
      sum += e;
    }
    const V factor = weight / sum;
    for (int64_t t = 0; t < tokens; ++t) {
      store_vector(scores + t * width + j, load_vector(scores + t * width + j) * factor);
    }
    for (int64_t i = 0; logsumexp != nullptr && i < kLanes<A> && j + i < rows; ++i) {
      logsumexp[j + i] = top[i] + static_cast<A>(::log2(static_cast<double>(sum[i])));
    }
  }
}

template <typename T>
struct ForwardTask {
  using A = Accumulator<T>;

  const MoeForward& call;
  const MoeSizes<T>& sizes;
  A *keys, *values, *query, *output, *scores;

  static int64_t bytes(const MoeProblem& p, const MoeSizes<T>& s) {
    return static_cast<int64_t>(sizeof(A)) *
           (2 * p.head_dim * s.padded_queries() + s.block * s.most_tokens + 2 * s.packed(p.head_dim));
  }

  ForwardTask(const MoeForward& forward, const MoeSizes<T>& s, A* scratch) : call(forward), sizes(s) {
    const int64_t dim = call.problem.head_dim;
    query = scratch;
    output = query + s.padded_queries() * dim;
    scores = output + s.padded_queries() * dim;
    keys = scores + s.block * s.most_tokens;
    values = keys + s.packed(dim);
  }

  void run(int64_t batch, int64_t head, int64_t first) {
    const MoeProblem& p = call.problem;
    const int64_t dim = p.head_dim;
    const int64_t count = p.queries - first < sizes.queries_per_task ? p.queries - first : sizes.queries_per_task;
    const Rows<T> queries(p.query, batch, head);
    for (Block<T> b(sizes, 0, count); b.first < count; b = Block<T>(sizes, b.next(), count)) {
      pack_transposed(query + b.first * dim, b.width, queries, first + b.first, b.rows, dim, A(p.scale * kLog2E));
    }
    memset(output, 0, sizeof(A) * sizes.padded_queries() * dim);
    for (int e = 0; e < p.experts; ++e) {
      const Left<A> k = sizes.left(keys, Rows<T>(p.keys[e], batch, head), p.tokens[e], dim);
      const Left<A> v = sizes.left(values, Rows<T>(p.values[e], batch, head), p.tokens[e], dim);
      const A weight = router_weight<T>(p, batch, e);
      A* logsumexp = call.logsumexp == nullptr ? nullptr
                                               : static_cast<A*>(call.logsumexp) +
                                                     ((batch * p.experts + e) * p.heads + head) * p.queries + first;
      for (Block<T> b(sizes, 0, count); b.first < count; b = Block<T>(sizes, b.next(), count)) {
        multiply<A, false>(
            scores, b.width, k.data, k.row, k.column, query + b.first * dim, b.width, p.tokens[e], b.width, dim);
        softmax_columns(
            scores, p.tokens[e], b.width, weight, logsumexp == nullptr ? nullptr : logsumexp + b.first, b.rows);
        multiply<A, true>(
            output + b.first * dim, b.width, v.data, v.column, v.row, scores, b.width, dim, b.width, p.tokens[e]);
      }
    }
    T* to = static_cast<T*>(call.output) + ((batch * p.queries + first) * p.heads + head) * dim;
    for (Block<T> b(sizes, 0, count); b.first < count; b = Block<T>(sizes, b.next(), count)) {
      unpack_transposed(
          to + b.first * p.heads * dim, p.heads * dim, output + b.first * dim, b.width, b.rows, dim, A(1));
    }
  }
};

template <typename T>
bool forward_of(const MoeForward& call) {
  using A = Accumulator<T>;
  const MoeProblem& p = call.problem;
  const MoeSizes<T> sizes(p, 512);
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
