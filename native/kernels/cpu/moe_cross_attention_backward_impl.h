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

template <typename T>
struct BackwardTask {
  using A = Accumulator<T>;
  using V = Vector<A>;

  const MoeBackward& call;
  const MoeSizes<A>& sizes;
  A *keys_transposed, *values_transposed, *keys, *grad_keys, *grad_values;
  A *query, *grad_output, *scores, *products, *grad_query;

  static int64_t bytes(const MoeProblem& p, const MoeSizes<A>& s) {
    return static_cast<int64_t>(sizeof(A)) *
           (2 * p.head_dim * s.most_tokens + 3 * s.most_tokens * s.dim +
            2 * s.block * (s.dim + s.most_tokens) + s.queries_per_task * s.dim);
  }

  BackwardTask(const MoeBackward& backward, const MoeSizes<A>& s, A* scratch) : call(backward), sizes(s) {
    keys_transposed = scratch;
    values_transposed = keys_transposed + call.problem.head_dim * s.most_tokens;
    keys = values_transposed + call.problem.head_dim * s.most_tokens;
    grad_keys = keys + s.most_tokens * s.dim;
    grad_values = grad_keys + s.most_tokens * s.dim;
    query = grad_values + s.most_tokens * s.dim;
    grad_output = query + s.block * s.dim;
    scores = grad_output + s.block * s.dim;
    products = scores + s.block * s.most_tokens;
    grad_query = products + s.block * s.most_tokens;
  }

  // grad_router: one sum a context.
  void run(int64_t batch, int64_t head, int64_t first, const MoePartials<A>& partials, int64_t task,
           double* grad_router) {
    const MoeProblem& p = call.problem;
    int64_t count = p.queries - first < sizes.queries_per_task ? p.queries - first : sizes.queries_per_task;
    memset(grad_query, 0, sizeof(A) * count * sizes.dim);
    for (int e = 0; e < p.experts; ++e) {
      grad_router[e] = expert(batch, head, first, count, e);
      if (partials.data != nullptr) {
        copy_rows(partials.keys(p, task, e), p.head_dim, grad_keys, p.tokens[e]);
        copy_rows(partials.values(p, task, e), p.head_dim, grad_values, p.tokens[e]);
      } else {
        int64_t start = (batch * p.tokens[e] * p.heads + head) * p.head_dim;
        copy_rows(static_cast<T*>(call.grad_keys[e]) + start, p.heads * p.head_dim, grad_keys, p.tokens[e]);
        copy_rows(static_cast<T*>(call.grad_values[e]) + start, p.heads * p.head_dim, grad_values, p.tokens[e]);
      }
    }
    T* to = static_cast<T*>(call.grad_query) + ((batch * p.queries + first) * p.heads + head) * p.head_dim;
    copy_rows(to, p.heads * p.head_dim, grad_query, count, A(p.scale));
  }

  template <typename Out>
  void copy_rows(Out* to, int64_t to_row, const A* from, int64_t rows, A factor = 1) {
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < call.problem.head_dim; ++j) {
        store(to + i * to_row + j, factor * from[i * sizes.dim + j]);
      }
    }
  }

  // Gradients of one context in grad_keys and grad_values, its share of grad_query added; returns dP.
  double expert(int64_t batch, int64_t head, int64_t first, int64_t count, int e) {
    const MoeProblem& p = call.problem;
    const int64_t dim = sizes.dim, tokens = p.tokens[e], width = padded<A>(tokens);
    Rows<T> key_rows(p.keys[e], batch, head), query_rows(p.query, batch, head);
    Rows<T> grad_rows(call.grad_output, batch, head);
    pack_transposed(keys_transposed, width, key_rows, tokens, p.head_dim);
    pack_transposed(values_transposed, width, Rows<T>(p.values[e], batch, head), tokens, p.head_dim);
    pack(keys, dim, key_rows, 0, tokens, p.head_dim, A(1));
    memset(grad_keys, 0, sizeof(A) * tokens * dim);
    memset(grad_values, 0, sizeof(A) * tokens * dim);
    const A weight = router_weight<T>(p, batch, e);
    const A* logsumexp =
        static_cast<const A*>(call.logsumexp) + ((batch * p.experts + e) * p.heads + head) * p.queries;
    double grad_router = 0;
    for (int64_t i = 0; i < count; i += sizes.block) {
      int64_t rows = count - i < sizes.block ? count - i : sizes.block;
      pack(query, dim, query_rows, first + i, rows, p.head_dim, A(p.scale));
      pack(grad_output, dim, grad_rows, first + i, rows, p.head_dim, A(1));
      multiply<A, false>(scores, width, query, dim, 1, keys_transposed, width, rows, width, p.head_dim);
      multiply<A, false>(products, width, grad_output, dim, 1, values_transposed, width, rows, width, p.head_dim);
      for (int64_t r = 0; r < rows; ++r) {
        grad_router += softmax_backward_row(
            scores + r * width, products + r * width, tokens, logsumexp[first + i + r], weight);
      }
      multiply<A, true>(grad_values, dim, scores, 1, width, grad_output, dim, tokens, dim, rows);
      multiply<A, true>(grad_keys, dim, products, 1, width, query, dim, tokens, dim, rows);
      multiply<A, true>(grad_query + i * dim, dim, products, width, 1, keys, dim, rows, dim, tokens);
    }
    return grad_router;
  }

  // scores: S in, P * A out; products: G in, dS out. Returns delta.
  static A softmax_backward_row(A* scores, A* products, int64_t tokens, A logsumexp, A weight) {
    const int64_t width = padded<A>(tokens);
    for (int64_t j = tokens; j < width; ++j) {
      scores[j] = -static_cast<A>(INFINITY);
    }
    V sums = {}, products_sum = {};
    for (int64_t j = 0; j < width; j += kLanes<A>) {
      V probability = exp_of(load_vector(scores + j) - logsumexp);
      store_vector(scores + j, probability);
      sums += probability;
      products_sum += probability * load_vector(products + j);
    }
    // The stored logarithm is rounded, so the probabilities add up to 1 but nearly; made exact here, a
    // single token gets a gradient of exactly 0.
    const A normalise = 1 / sum_of<A>(sums);
    const A delta = sum_of<A>(products_sum) * normalise;
    const A factor = weight * normalise;
    for (int64_t j = 0; j < width; j += kLanes<A>) {
      V weighted = load_vector(scores + j) * factor;
      store_vector(scores + j, weighted);
      store_vector(products + j, weighted * (load_vector(products + j) - delta));
    }
    return delta;
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
