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
// A is computed again from the stored logarithms, block by block. The gradients of keys and values gather in the
// outputs themselves where these have the accumulation type and rows of whole vectors.
#pragma once

#include "kernels/cpu/moe_cross_attention_forward_impl.h"

namespace dsvlm::cpu::DSVLM_ISA {

// How a head's work is shared out among tasks: each has all contexts, or one if there are fewer heads than threads,
// and a range of the queries if that is still too few.
template <typename T>
struct BackwardShares {
  using A = Accumulator<T>;

  const MoeProblem& p;
  const int64_t heads;
  const int contexts_per_task;
  const MoeSizes<T> sizes;

  BackwardShares(const MoeProblem& problem, int64_t threads)
      : p(problem),
        heads(p.batch * p.heads),
        contexts_per_task(heads < threads ? 1 : p.experts),
        sizes(p, ceil_div(p.queries, ceil_div(threads, heads * context_shares()))) {}

  int64_t context_shares() const { return p.experts / contexts_per_task; }
  int64_t query_shares() const { return sizes.tasks_per_head; }
  int64_t tasks() const { return heads * context_shares() * query_shares(); }
};

// Gradients that several tasks have a part in, one part after the other. Null: there is one part alone, which is
// the result.
template <typename T>
struct BackwardParts {
  using A = Accumulator<T>;

  // [heads, query shares, per_share]: keys and values of each context.
  A* contexts = nullptr;
  // [heads, context shares, query shares, padded queries * head_dim], in transposed blocks.
  A* queries = nullptr;
  int64_t tokens_before[kMaxExperts + 1];
  int64_t per_share;

  explicit BackwardParts(const MoeProblem& p) {
    tokens_before[0] = 0;
    for (int e = 0; e < p.experts; ++e) {
      tokens_before[e + 1] = tokens_before[e] + p.tokens[e];
    }
    per_share = 2 * tokens_before[p.experts] * p.head_dim;
  }

  A* keys(const MoeProblem& p, int64_t share, int e) const {
    return contexts + share * per_share + 2 * tokens_before[e] * p.head_dim;
  }
  A* values(const MoeProblem& p, int64_t share, int e) const { return keys(p, share, e) + p.tokens[e] * p.head_dim; }
};

// scores [tokens, width]: log2(e) S in, P * A out; products: G in, scale * dS out. Returns the sum of delta. logsumexp
// is that of softmax_columns for each of the first rows columns; the columns behind those have G = 0.
template <typename A>
double softmax_backward_columns(
    A* scores, A* products, int64_t tokens, int64_t width, const A* logsumexp, int64_t rows, A weight, A scale) {
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
    const V factor_of_products = factor * scale;
    for (int64_t t = 0; t < tokens; ++t) {
      const V probability = load_vector(scores + t * width + j);
      const V product = load_vector(products + t * width + j);
      store_vector(scores + t * width + j, probability * factor);
      store_vector(products + t * width + j, probability * factor_of_products * (product - delta));
    }
    deltas += delta;
  }
  return static_cast<double>(sum_of<A>(deltas));
}

template <typename T>
struct BackwardTask {
  using A = Accumulator<T>;

  // Gradients of keys or values of one context.
  struct Gradient {
    A* data;
    int64_t row;
  };
  // Rows of the queries or of the output's gradient as the right operand of a product.
  struct Right {
    const A* data;
    int64_t row;
  };

  const MoeBackward& call;
  const BackwardShares<T>& shares;
  const BackwardParts<T>& parts;
  const MoeSizes<T>& sizes;
  const int64_t dim, padded_dim;
  // Whether the gradients of keys and values gather where they are left.
  const bool direct;
  // Of all the task's queries, transposed and in blocks.
  A *query_columns, *grad_columns, *grad_query;
  // Of one block.
  A *scores, *products, *query, *grad_output;
  // Of one context.
  A *keys, *values, *grad_keys, *grad_values;

  BackwardTask(const MoeBackward& backward, const BackwardShares<T>& s, const BackwardParts<T>& to)
      : call(backward),
        shares(s),
        parts(to),
        sizes(s.sizes),
        dim(call.problem.head_dim),
        padded_dim(padded<A>(dim)),
        direct(padded_dim == dim && (kComputedAsStored<T> || s.query_shares() > 1)) {}

  // Shares out memory of elements() numbers; null: only counts.
  int64_t use(A* scratch) {
    int64_t used = 0;
    const auto take = [&](int64_t count) {
      A* here = scratch == nullptr ? nullptr : scratch + used;
      used += count;
      return here;
    };
    query_columns = take(sizes.padded_queries() * dim);
    grad_columns = take(sizes.padded_queries() * dim);
    grad_query = take(shares.context_shares() > 1 ? 0 : sizes.padded_queries() * dim);
    scores = take(sizes.block * sizes.most_tokens);
    products = take(sizes.block * sizes.most_tokens);
    query = take(sizes.block * padded_dim);
    grad_output = take(sizes.block * padded_dim);
    keys = take(sizes.packed(dim));
    values = take(sizes.packed(dim));
    grad_keys = take(direct ? 0 : sizes.most_tokens * padded_dim);
    grad_values = take(direct ? 0 : sizes.most_tokens * padded_dim);
    return used;
  }

  // router: of each head and share of queries, one sum a context.
  void run(int64_t task, double* router) {
    const MoeProblem& p = call.problem;
    const int64_t query_share = task % shares.query_shares();
    const int64_t context_share = task / shares.query_shares() % shares.context_shares();
    const int64_t both = task / shares.query_shares() / shares.context_shares();
    const int64_t batch = both / p.heads, head = both % p.heads;
    const int64_t first = query_share * sizes.queries_per_task;
    const int64_t count = p.queries - first < sizes.queries_per_task ? p.queries - first : sizes.queries_per_task;
    const int64_t share = both * shares.query_shares() + query_share;
    const Rows<T> query_rows(p.query, batch, head), grad_rows(call.grad_output, batch, head);
    if (parts.queries != nullptr) {
      grad_query = parts.queries + task * sizes.padded_queries() * dim;
    }
    for (Block<T> b(sizes, 0, count); b.first < count; b = Block<T>(sizes, b.next(), count)) {
      const int64_t at = b.first * dim;
      pack_transposed(query_columns + at, b.width, query_rows, first + b.first, b.rows, dim, A(p.scale * kLog2E));
      pack_transposed(grad_columns + at, b.width, grad_rows, first + b.first, b.rows, dim, A(1));
    }
    memset(grad_query, 0, sizeof(A) * sizes.padded_queries() * dim);
    const int from = static_cast<int>(context_share) * shares.contexts_per_task;
    for (int e = from; e < from + shares.contexts_per_task; ++e) {
      const int64_t start = (batch * p.tokens[e] * p.heads + head) * dim;
      T *to_keys = static_cast<T*>(call.grad_keys[e]) + start,
        *to_values = static_cast<T*>(call.grad_values[e]) + start;
      const bool part = parts.contexts != nullptr;
      Gradient of_keys{grad_keys, padded_dim}, of_values{grad_values, padded_dim};
      if (direct && part) {
        of_keys = {parts.keys(p, share, e), dim};
        of_values = {parts.values(p, share, e), dim};
      } else if (direct) {
        of_keys = {reinterpret_cast<A*>(to_keys), p.heads * dim};
        of_values = {reinterpret_cast<A*>(to_values), p.heads * dim};
      }
      router[share * p.experts + e] = expert(batch, head, first, count, e, of_keys, of_values);
      if (!direct && part) {
        copy_rows(parts.keys(p, share, e), dim, of_keys, p.tokens[e]);
        copy_rows(parts.values(p, share, e), dim, of_values, p.tokens[e]);
      } else if (!direct) {
        copy_rows(to_keys, p.heads * dim, of_keys, p.tokens[e]);
        copy_rows(to_values, p.heads * dim, of_values, p.tokens[e]);
      }
    }
    if (parts.queries == nullptr) {
      write_queries(batch, head, first, count);
    }
  }

  // Writes grad_query where it belongs.
  void write_queries(int64_t batch, int64_t head, int64_t first, int64_t count) {
    const MoeProblem& p = call.problem;
    T* to = static_cast<T*>(call.grad_query) + ((batch * p.queries + first) * p.heads + head) * dim;
    for (Block<T> b(sizes, 0, count); b.first < count; b = Block<T>(sizes, b.next(), count)) {
      unpack_transposed(
          to + b.first * p.heads * dim, p.heads * dim, grad_query + b.first * dim, b.width, b.rows, dim, A(1));
    }
  }

  template <typename Out>
  void copy_rows(Out* to, int64_t to_row, Gradient from, int64_t rows) {
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < dim; ++j) {
        store(to + i * to_row + j, from.data[i * from.row + j]);
      }
    }
  }

  // Rows first, first + 1, ... of the queries or of the output's gradient.
  Right right(A* scratch, const Rows<T>& from, int64_t first, int64_t rows) {
    if constexpr (kComputedAsStored<T>) {
      if (!sizes.packs && padded_dim == dim && from.column == 1) {
        return {from.data + first * from.row, from.row};
      }
    }
    pack(scratch, padded_dim, from, first, rows, dim, A(1));
    return {scratch, padded_dim};
  }

  // Gradients of one context, its share of grad_query added; returns dP.
  double expert(
      int64_t batch, int64_t head, int64_t first, int64_t count, int e, Gradient of_keys, Gradient of_values) {
    const MoeProblem& p = call.problem;
    const int64_t tokens = p.tokens[e];
    const Rows<T> query_rows(p.query, batch, head), grad_rows(call.grad_output, batch, head);
    const Left<A> k = sizes.left(keys, Rows<T>(p.keys[e], batch, head), tokens, dim);
    const Left<A> v = sizes.left(values, Rows<T>(p.values[e], batch, head), tokens, dim);
    const A weight = router_weight<T>(p, batch, e);
    const A* logsumexp =
        static_cast<const A*>(call.logsumexp) + ((batch * p.experts + e) * p.heads + head) * p.queries + first;
    double grad_router = 0;
    for (Block<T> b(sizes, 0, count); b.first < count; b = Block<T>(sizes, b.next(), count)) {
      const int64_t at = b.first * dim;
      multiply<A, false>(scores, b.width, k.data, k.row, k.column, query_columns + at, b.width, tokens, b.width, dim);
      multiply<A, false>(products, b.width, v.data, v.row, v.column, grad_columns + at, b.width, tokens, b.width, dim);
      grad_router +=
          softmax_backward_columns(scores, products, tokens, b.width, logsumexp + b.first, b.rows, weight, A(p.scale));
      const Right q = right(query, query_rows, first + b.first, b.rows);
      const Right g = right(grad_output, grad_rows, first + b.first, b.rows);
      const auto gather = b.first == 0 ? multiply<A, false> : multiply<A, true>;
      gather(of_values.data, of_values.row, scores, b.width, 1, g.data, g.row, tokens, padded_dim, b.rows);
      gather(of_keys.data, of_keys.row, products, b.width, 1, q.data, q.row, tokens, padded_dim, b.rows);
      multiply<A, true>(grad_query + at, b.width, k.data, k.column, k.row, products, b.width, dim, b.width, tokens);
    }
    return grad_router;
  }
};

// out[b, t, h, :] = sum over a head's shares of the queries.
template <typename T>
void sum_contexts(const MoeBackward& call, const BackwardShares<T>& shares, const BackwardParts<T>& parts) {
  using A = Accumulator<T>;
  const MoeProblem& p = call.problem;
#pragma omp parallel for collapse(2)
  for (int64_t head = 0; head < shares.heads; ++head) {
    for (int e = 0; e < p.experts; ++e) {
      for (int side = 0; side < 2; ++side) {
        T* to = static_cast<T*>(side == 0 ? call.grad_keys[e] : call.grad_values[e]) +
                (head / p.heads * p.tokens[e] * p.heads + head % p.heads) * p.head_dim;
        const int64_t from = head * shares.query_shares();
        for (int64_t i = 0; i < p.tokens[e] * p.head_dim; ++i) {
          A sum = 0;
          for (int64_t share = from; share < from + shares.query_shares(); ++share) {
            sum += (side == 0 ? parts.keys(p, share, e) : parts.values(p, share, e))[i];
          }
          store(to + i / p.head_dim * p.heads * p.head_dim + i % p.head_dim, sum);
        }
      }
    }
  }
}

// The gradient of the queries is the sum over a head's contexts.
template <typename T>
void sum_queries(const MoeBackward& call, const BackwardShares<T>& shares, const BackwardParts<T>& parts) {
  using A = Accumulator<T>;
  const MoeProblem& p = call.problem;
  const MoeSizes<T>& sizes = shares.sizes;
  const int64_t numbers = sizes.padded_queries() * p.head_dim, query_shares = shares.query_shares();
#pragma omp parallel for
  for (int64_t share = 0; share < shares.heads * query_shares; ++share) {
    const int64_t head = share / query_shares, first = share % query_shares * sizes.queries_per_task;
    A* sum = parts.queries + (head * shares.context_shares() * query_shares + share % query_shares) * numbers;
    for (int64_t context = 1; context < shares.context_shares(); ++context) {
      const A* part = sum + context * query_shares * numbers;
      for (int64_t i = 0; i < numbers; ++i) {
        sum[i] += part[i];
      }
    }
    BackwardTask<T> task(call, shares, parts);
    task.grad_query = sum;
    task.write_queries(
        head / p.heads, head % p.heads, first,
        p.queries - first < sizes.queries_per_task ? p.queries - first : sizes.queries_per_task);
  }
}

template <typename T>
void sum_router(const MoeBackward& call, const BackwardShares<T>& shares, const double* sums) {
  const MoeProblem& p = call.problem;
  const int64_t of_sample = p.heads * shares.query_shares();
  for (int64_t b = 0; b < p.batch; ++b) {
    for (int e = 0; e < p.experts; ++e) {
      double sum = 0;
      for (int64_t share = b * of_sample; share < (b + 1) * of_sample; ++share) {
        sum += sums[share * p.experts + e];
      }
      store(static_cast<T*>(call.grad_router) + b * p.experts + e, static_cast<Accumulator<T>>(sum));
    }
  }
}

template <typename T>
bool backward_of(const MoeBackward& call) {
  using A = Accumulator<T>;
  const MoeProblem& p = call.problem;
  const int64_t most = multiply_adds(p) < kParallelWork ? 1 : omp_get_max_threads();
  const BackwardShares<T> shares(p, most);
  const int64_t tasks = shares.tasks(), query_shares = shares.query_shares();
  const int threads = static_cast<int>(tasks < most ? tasks : most);
  BackwardParts<T> parts(p);
  const int64_t numbers = BackwardTask<T>(call, shares, parts).use(nullptr);
  const int64_t size = static_cast<int64_t>(sizeof(A));
  Scratch scratch(threads, numbers * size);
  Scratch contexts(1, query_shares == 1 ? 0 : shares.heads * query_shares * parts.per_share * size);
  Scratch queries(1, shares.context_shares() == 1 ? 0 : tasks * shares.sizes.padded_queries() * p.head_dim * size);
  Scratch router(1, shares.heads * query_shares * p.experts * static_cast<int64_t>(sizeof(double)));
  if (scratch.failed() || contexts.failed() || queries.failed() || router.failed()) {
    return false;
  }
  parts.contexts = query_shares == 1 ? nullptr : contexts.at<A>(0);
  parts.queries = shares.context_shares() == 1 ? nullptr : queries.at<A>(0);
#pragma omp parallel for schedule(dynamic) num_threads(threads) if (threads > 1)
  for (int64_t index = 0; index < tasks; ++index) {
    BackwardTask<T> task(call, shares, parts);
    task.use(scratch.at<A>(omp_get_thread_num()));
    task.run(index, router.at<double>(0));
  }
  if (parts.contexts != nullptr) {
    sum_contexts<T>(call, shares, parts);
  }
  if (parts.queries != nullptr) {
    sum_queries<T>(call, shares, parts);
  }
  sum_router<T>(call, shares, router.at<double>(0));
  return true;
}

bool backward(const MoeBackward& call) { DSVLM_CALL_FOR_TYPE(backward_of, call.problem.dtype, call) }

}  // namespace dsvlm::cpu::DSVLM_ISA
