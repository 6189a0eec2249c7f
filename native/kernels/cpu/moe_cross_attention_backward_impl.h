/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Backward of kernels/moe_cross_attention.h. Compiled once per instruction set, see simd.h.
//
// With A = softmax, g = gradient of the output, G = g v^T and delta = rowsum(A * G) = g . (A v), per context:
//
//   dP = sum delta      dv = P A^T g      dS = A * P (G - delta)      dq = scale dS k      dk = scale dS^T q
//
// A is computed again from the stored logarithms, block by block.
#pragma once

#include "kernels/cpu/moe_cross_attention_forward_impl.h"

namespace dsvlm::cpu::DSVLM_ISA {

// Where a task leaves the gradients of keys and values: in the outputs if it is the only one of its head,
// else in a part of its own that is summed afterwards.
template <typename A>
struct MoePartials {
  int64_t tokens_before[kMaxExperts + 1];
  int64_t per_task;
  A* data;

  explicit MoePartials(const MoeProblem& p) : data(nullptr) {
    tokens_before[0] = 0;
    for (int e = 0; e < p.experts; ++e) {
      tokens_before[e + 1] = tokens_before[e] + p.tokens[e];
    }
    per_task = 2 * tokens_before[p.experts] * p.head_dim;
  }

  A* keys(const MoeProblem& p, int64_t task, int e) const {
    return data + task * per_task + 2 * tokens_before[e] * p.head_dim;
  }
  A* values(const MoeProblem& p, int64_t task, int e) const { return keys(p, task, e) + p.tokens[e] * p.head_dim; }
};

// scores [tokens, width]: log2(e) S in, P * A out; products: G in, dS out. Returns the sum of delta. logsumexp is
// that of softmax_columns for each of the first rows columns; the columns behind those have G = 0.
template <typename A>
double softmax_backward_columns(
    A* scores, A* products, int64_t tokens, int64_t width, const A* logsumexp, int64_t rows, A weight) {
  using V = Vector<A>;
  V deltas = {};
  for (int64_t j = 0; j < width; j += kLanes<A>) {
    V logarithm = {};
    for (int64_t i = 0; i < kLanes<A> && j + i < rows; ++i) {
      logarithm[i] = logsumexp[j + i];
    }
    V sum = {}, products_sum = {};
    for (int64_t t = 0; t < tokens; ++t) {
      const V probability = exp2_of(load_vector(scores + t * width + j) - logarithm);
      store_vector(scores + t * width + j, probability);
      sum += probability;
      products_sum += probability * load_vector(products + t * width + j);
    }
    // The stored logarithm is rounded, so the probabilities add up to 1 but nearly; made exact here, a
    // single token gets a gradient of exactly 0.
    const V normalise = 1 / sum;
    const V delta = products_sum * normalise;
    const V factor = weight * normalise;
    for (int64_t t = 0; t < tokens; ++t) {
      const V weighted = load_vector(scores + t * width + j) * factor;
      store_vector(scores + t * width + j, weighted);
      store_vector(products + t * width + j, weighted * (load_vector(products + t * width + j) - delta));
    }
    deltas += delta;
  }
  return static_cast<double>(sum_of<A>(deltas));
}

template <typename T>
struct BackwardTask {
  using A = Accumulator<T>;

  const MoeBackward& call;
  const MoeSizes<A>& sizes;
  const int64_t dim, padded_dim;
  // Of all the task's queries, transposed and in blocks.
  A *query_columns, *grad_columns, *grad_query;
  // Of one block.
  A *scores, *products, *query, *grad_output;
  // Of one context.
  A *keys, *values, *grad_keys, *grad_values;

  static int64_t bytes(const MoeProblem& p, const MoeSizes<A>& s) {
    return static_cast<int64_t>(sizeof(A)) *
           (3 * s.padded_queries() * p.head_dim + 2 * s.block * (s.most_tokens + padded<A>(p.head_dim)) +
            2 * s.most_tokens * (p.head_dim + padded<A>(p.head_dim)));
  }

  BackwardTask(const MoeBackward& backward, const MoeSizes<A>& s, A* scratch)
      : call(backward), sizes(s), dim(call.problem.head_dim), padded_dim(padded<A>(dim)) {
    query_columns = scratch;
    grad_columns = query_columns + s.padded_queries() * dim;
    grad_query = grad_columns + s.padded_queries() * dim;
    scores = grad_query + s.padded_queries() * dim;
    products = scores + s.block * s.most_tokens;
    query = products + s.block * s.most_tokens;
    grad_output = query + s.block * padded_dim;
    grad_keys = grad_output + s.block * padded_dim;
    grad_values = grad_keys + s.most_tokens * padded_dim;
    keys = grad_values + s.most_tokens * padded_dim;
    values = keys + s.most_tokens * dim;
  }

  // grad_router: one sum a context.
  void run(int64_t batch, int64_t head, int64_t first, const MoePartials<A>& partials, int64_t task,
           double* grad_router) {
    const MoeProblem& p = call.problem;
    const int64_t count = p.queries - first < sizes.queries_per_task ? p.queries - first : sizes.queries_per_task;
    const Rows<T> query_rows(p.query, batch, head), grad_rows(call.grad_output, batch, head);
    for (Block<A> b(sizes, 0, count); b.first < count; b = Block<A>(sizes, b.next(), count)) {
      const int64_t at = b.first * dim;
      pack_transposed(query_columns + at, b.width, query_rows, first + b.first, b.rows, dim, A(p.scale * kLog2E));
      pack_transposed(grad_columns + at, b.width, grad_rows, first + b.first, b.rows, dim, A(1));
    }
    memset(grad_query, 0, sizeof(A) * sizes.padded_queries() * dim);
    for (int e = 0; e < p.experts; ++e) {
      grad_router[e] = expert(batch, head, first, count, e);
      if (partials.data != nullptr) {
        copy_rows(partials.keys(p, task, e), dim, grad_keys, p.tokens[e]);
        copy_rows(partials.values(p, task, e), dim, grad_values, p.tokens[e]);
      } else {
        int64_t start = (batch * p.tokens[e] * p.heads + head) * dim;
        copy_rows(static_cast<T*>(call.grad_keys[e]) + start, p.heads * dim, grad_keys, p.tokens[e]);
        copy_rows(static_cast<T*>(call.grad_values[e]) + start, p.heads * dim, grad_values, p.tokens[e]);
      }
    }
    T* to = static_cast<T*>(call.grad_query) + ((batch * p.queries + first) * p.heads + head) * dim;
    for (Block<A> b(sizes, 0, count); b.first < count; b = Block<A>(sizes, b.next(), count)) {
      unpack_transposed(
          to + b.first * p.heads * dim, p.heads * dim, grad_query + b.first * dim, b.width, b.rows, dim, A(p.scale));
    }
  }

  template <typename Out>
  void copy_rows(Out* to, int64_t to_row, const A* from, int64_t rows) {
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < dim; ++j) {
        store(to + i * to_row + j, from[i * padded_dim + j]);
      }
    }
  }

  // Gradients of one context in grad_keys and grad_values, its share of grad_query added; returns dP.
  double expert(int64_t batch, int64_t head, int64_t first, int64_t count, int e) {
    const MoeProblem& p = call.problem;
    const int64_t tokens = p.tokens[e];
    const Rows<T> query_rows(p.query, batch, head), grad_rows(call.grad_output, batch, head);
    pack(keys, dim, Rows<T>(p.keys[e], batch, head), 0, tokens, dim, A(1));
    pack(values, dim, Rows<T>(p.values[e], batch, head), 0, tokens, dim, A(1));
    memset(grad_keys, 0, sizeof(A) * tokens * padded_dim);
    memset(grad_values, 0, sizeof(A) * tokens * padded_dim);
    const A weight = router_weight<T>(p, batch, e);
    const A* logsumexp =
        static_cast<const A*>(call.logsumexp) + ((batch * p.experts + e) * p.heads + head) * p.queries + first;
    double grad_router = 0;
    for (Block<A> b(sizes, 0, count); b.first < count; b = Block<A>(sizes, b.next(), count)) {
      const int64_t at = b.first * dim;
      pack(query, padded_dim, query_rows, first + b.first, b.rows, dim, A(p.scale));
      pack(grad_output, padded_dim, grad_rows, first + b.first, b.rows, dim, A(1));
      multiply<A, false>(scores, b.width, keys, dim, 1, query_columns + at, b.width, tokens, b.width, dim);
      multiply<A, false>(products, b.width, values, dim, 1, grad_columns + at, b.width, tokens, b.width, dim);
      grad_router +=
          softmax_backward_columns(scores, products, tokens, b.width, logsumexp + b.first, b.rows, weight);
      multiply<A, true>(
          grad_values, padded_dim, scores, b.width, 1, grad_output, padded_dim, tokens, padded_dim, b.rows);
      multiply<A, true>(grad_keys, padded_dim, products, b.width, 1, query, padded_dim, tokens, padded_dim, b.rows);
      multiply<A, true>(grad_query + at, b.width, keys, 1, dim, products, b.width, dim, b.width, tokens);
    }
    return grad_router;
  }
};

// out[b, t, h, :] = sum over the tasks of head (b, h).
template <typename T>
void sum_partials(const MoeBackward& call, const MoePartials<Accumulator<T>>& partials, int64_t tasks_per_head) {
  using A = Accumulator<T>;
  const MoeProblem& p = call.problem;
#pragma omp parallel for collapse(2)
  for (int64_t head = 0; head < p.batch * p.heads; ++head) {
    for (int e = 0; e < p.experts; ++e) {
      for (int side = 0; side < 2; ++side) {
        T* to = static_cast<T*>(side == 0 ? call.grad_keys[e] : call.grad_values[e]) +
                (head / p.heads * p.tokens[e] * p.heads + head % p.heads) * p.head_dim;
        for (int64_t i = 0; i < p.tokens[e] * p.head_dim; ++i) {
          A sum = 0;
          for (int64_t task = head * tasks_per_head; task < (head + 1) * tasks_per_head; ++task) {
            sum += (side == 0 ? partials.keys(p, task, e) : partials.values(p, task, e))[i];
          }
          store(to + i / p.head_dim * p.heads * p.head_dim + i % p.head_dim, sum);
        }
      }
    }
  }
}

template <typename T>
void sum_router(const MoeBackward& call, const double* sums, int64_t tasks_per_head) {
  const MoeProblem& p = call.problem;
  for (int64_t b = 0; b < p.batch; ++b) {
    for (int e = 0; e < p.experts; ++e) {
      double sum = 0;
      for (int64_t task = 0; task < p.heads * tasks_per_head; ++task) {
        sum += sums[(b * p.heads * tasks_per_head + task) * p.experts + e];
      }
      store(static_cast<T*>(call.grad_router) + b * p.experts + e, static_cast<Accumulator<T>>(sum));
    }
  }
}

template <typename T>
bool backward_of(const MoeBackward& call) {
  using A = Accumulator<T>;
  const MoeProblem& p = call.problem;
  const int64_t heads = p.batch * p.heads;
  const int64_t most = multiply_adds(p) < kParallelWork ? 1 : omp_get_max_threads();
  // A head's queries are shared out only if there are fewer heads than threads: each share needs room for
  // the gradients of all keys and values.
  const MoeSizes<A> sizes(p, ceil_div(p.queries, ceil_div(most, heads)));
  const int64_t tasks = heads * sizes.tasks_per_head;
  const int threads = static_cast<int>(tasks < most ? tasks : most);
  MoePartials<A> partials(p);
  Scratch scratch(threads, BackwardTask<T>::bytes(p, sizes));
  Scratch shares(1, sizes.tasks_per_head == 1 ? 0 : tasks * partials.per_task * static_cast<int64_t>(sizeof(A)));
  Scratch router(1, tasks * p.experts * static_cast<int64_t>(sizeof(double)));
  if (scratch.failed() || shares.failed() || router.failed()) {
    return false;
  }
  partials.data = sizes.tasks_per_head == 1 ? nullptr : shares.at<A>(0);
#pragma omp parallel for schedule(dynamic) num_threads(threads) if (threads > 1)
  for (int64_t task = 0; task < tasks; ++task) {
    int64_t head = task / sizes.tasks_per_head;
    int64_t first = task % sizes.tasks_per_head * sizes.queries_per_task;
    BackwardTask<T>(call, sizes, scratch.at<A>(omp_get_thread_num()))
        .run(head / p.heads, head % p.heads, first, partials, task, router.at<double>(0) + task * p.experts);
  }
  if (partials.data != nullptr) {
    sum_partials<T>(call, partials, sizes.tasks_per_head);
  }
  sum_router<T>(call, router.at<double>(0), sizes.tasks_per_head);
  return true;
}

bool backward(const MoeBackward& call) { DSVLM_CALL_FOR_TYPE(backward_of, call.problem.dtype, call) }

}  // namespace dsvlm::cpu::DSVLM_ISA
