/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "attention_rows.h"

#include <algorithm>
#include <cmath>

namespace dsvlm::check {
namespace {

using Row = std::vector<double>;

Row row_of(const Strided4& tensor, int64_t batch, int64_t row, int64_t head, int64_t dims) {
  const double* start = static_cast<const double*>(tensor.data) + batch * tensor.stride[0] + row * tensor.stride[1] +
                        head * tensor.stride[2];
  Row elements(static_cast<size_t>(dims));
  for (int64_t d = 0; d < dims; ++d) {
    elements[static_cast<size_t>(d)] = start[d * tensor.stride[3]];
  }
  return elements;
}

double dot(const Row& a, const Row& b) {
  double sum = 0;
  for (size_t d = 0; d < a.size(); ++d) {
    sum += a[d] * b[d];
  }
  return sum;
}

double dot_of_sizes(const Row& a, const Row& b) {
  double sum = 0;
  for (size_t d = 0; d < a.size(); ++d) {
    sum += std::abs(a[d] * b[d]);
  }
  return sum;
}

double length(const double* row, int64_t dims) {
  double squares = 0;
  for (int64_t d = 0; d < dims; ++d) {
    squares += row[d] * row[d];
  }
  return std::sqrt(squares);
}

double length(const Row& row) { return length(row.data(), static_cast<int64_t>(row.size())); }

void add(double* to, double factor, const Row& row) {
  for (size_t d = 0; d < row.size(); ++d) {
    to[d] += factor * row[d];
  }
}

BoundedRows zeros(int64_t rows, int64_t elements) {
  return {Row(static_cast<size_t>(rows * elements)), Row(static_cast<size_t>(rows))};
}

// One query of one head, and one context.
class RowOfScores {
 public:
  RowOfScores(const MoeProblem& p, const Strided4& grad_output, DType type, int e, int64_t b, int64_t n, int64_t h)
      : query(row_of(p.query, b, n, h, p.head_dim)),
        grad(row_of(grad_output, b, n, h, p.head_dim)),
        // A sum of so many terms is off by no more than their number of roundings each.
        sum_roundoff_(static_cast<double>(p.head_dim + 8) * unit_roundoff(accumulator(type))) {
    const int64_t tokens = p.tokens[e];
    double most = -INFINITY, score_error = 0, sum = 0;
    for (int64_t t = 0; t < tokens; ++t) {
      keys.push_back(row_of(p.keys[e], b, t, h, p.head_dim));
      values.push_back(row_of(p.values[e], b, t, h, p.head_dim));
      weights.push_back(p.scale * dot(query, keys.back()));
      most = std::max(most, weights.back());
      score_error = std::max(score_error, p.scale * dot_of_sizes(query, keys.back()) * sum_roundoff_);
    }
    for (double& weight : weights) {
      weight = std::exp(weight - most);
      sum += weight;
    }
    output.resize(static_cast<size_t>(p.head_dim));
    for (size_t t = 0; t < weights.size(); ++t) {
      weights[t] /= sum;
      products.push_back(dot(grad, values[t]));
      add(output.data(), weights[t], values[t]);
    }
    const double accumulated = unit_roundoff(accumulator(type));
    // The score itself and the logarithm of the sum, as which the maximum is kept.
    weight_error = 2 * score_error + (static_cast<double>(tokens) + 8 + 4 * std::abs(most)) * accumulated;
  }

  // The most by which grad . values[t] - row_term is off, with both as sums of products.
  double product_error(size_t t, const Row& term) const {
    return sum_roundoff_ * (dot_of_sizes(grad, values[t]) + dot_of_sizes(grad, term));
  }

  const Row query, grad;
  std::vector<Row> keys, values;
  Row weights, products, output;
  double weight_error;  // as a share

 private:
  double sum_roundoff_;
};

}  // namespace

AttentionRows attention_rows(const MoeProblem& p, const Strided4& grad_output, DType type, const Tensor* kept) {
  const bool narrow = accumulator(type) != type;
  const double stored = unit_roundoff(type), smallest = smallest_roundoff(type);
  // Operands of the second products are rounded to the type, where they are not of it already.
  const double operand = narrow ? stored : 0, accumulated = unit_roundoff(accumulator(type));
  const int64_t dims = p.head_dim;
  AttentionRows rows;
  rows.context_outputs = zeros(p.batch * p.experts * p.queries * p.heads * dims, 1);
  rows.grad_query = zeros(p.batch * p.queries * p.heads, dims);
  rows.grad_router = zeros(p.batch * p.experts, 1);
  for (int e = 0; e < p.experts; ++e) {
    rows.grad_keys.push_back(zeros(p.batch * p.tokens[e] * p.heads, dims));
    rows.grad_values.push_back(zeros(p.batch * p.tokens[e] * p.heads, dims));
  }
  int64_t most_terms = p.queries;
  for (int e = 0; e < p.experts; ++e) {
    most_terms += p.tokens[e];
  }
  const double accumulation = static_cast<double>(most_terms + 8) * accumulated;
  for (int64_t b = 0; b < p.batch; ++b) {
    for (int e = 0; e < p.experts; ++e) {
      const double probability = static_cast<const double*>(p.router)[b * p.router_stride[0] + e * p.router_stride[1]];
      const size_t router = static_cast<size_t>(b * p.experts + e);
      for (int64_t n = 0; n < p.queries; ++n) {
        for (int64_t h = 0; h < p.heads; ++h) {
          const RowOfScores row(p, grad_output, type, e, b, n, h);
          const size_t place = static_cast<size_t>((((b * p.experts + e) * p.queries + n) * p.heads + h) * dims);
          Row term = row.output;
          for (size_t d = 0; d < term.size(); ++d) {
            double error = 0;
            for (size_t t = 0; t < row.weights.size(); ++t) {
              error += (row.weights[t] * (operand + row.weight_error) + smallest) * std::abs(row.values[t][d]);
            }
            rows.context_outputs.values[place + d] = row.output[d];
            rows.context_outputs.bounds[place + d] = 1.01 * (error + stored * std::abs(row.output[d])) + smallest;
            if (kept != nullptr) {
              term[d] = kept->get(static_cast<int64_t>(place + d));
            }
          }
          const double delta = dot(row.grad, term);
          double delta_error = 0;
          for (size_t t = 0; kept == nullptr && t < row.weights.size(); ++t) {
            delta_error +=
                row.weights[t] * (row.weight_error * std::abs(row.products[t] - delta) + row.product_error(t, term));
          }
          rows.grad_router.values[router] += delta;
          rows.grad_router.bounds[router] += delta_error + static_cast<double>(dims + p.queries * p.heads + 8) *
                                                               accumulated * dot_of_sizes(row.grad, term);

          const size_t query = static_cast<size_t>((b * p.queries + n) * p.heads + h);
          const double scaled = p.scale * std::abs(probability);
          for (size_t t = 0; t < row.weights.size(); ++t) {
            const size_t token = static_cast<size_t>((b * p.tokens[e] + static_cast<int64_t>(t)) * p.heads + h);
            const double difference = row.products[t] - delta;
            const double share = operand + row.weight_error + accumulation;
            const double error =
                scaled * (row.weights[t] * (share * std::abs(difference) + delta_error + row.product_error(t, term))) +
                p.scale * smallest;
            const double grad_score = p.scale * probability * row.weights[t] * difference;
            BoundedRows &grad_keys = rows.grad_keys[static_cast<size_t>(e)],
                        &grad_values = rows.grad_values[static_cast<size_t>(e)];
            add(rows.grad_query.values.data() + query * static_cast<size_t>(dims), grad_score, row.keys[t]);
            rows.grad_query.bounds[query] += error * length(row.keys[t]);
            add(grad_keys.values.data() + token * static_cast<size_t>(dims), grad_score, row.query);
            grad_keys.bounds[token] += error * length(row.query);
            add(grad_values.values.data() + token * static_cast<size_t>(dims), probability * row.weights[t], row.grad);
            grad_values.bounds[token] += (std::abs(probability) * row.weights[t] * share + smallest) * length(row.grad);
          }
        }
      }
    }
  }
  // What is stored is rounded once more.
  const auto store = [&](BoundedRows& of, int64_t elements) {
    for (size_t i = 0; i < of.bounds.size(); ++i) {
      of.bounds[i] =
          1.01 * (of.bounds[i] + stored * length(of.values.data() + i * static_cast<size_t>(elements), elements)) +
          smallest * std::sqrt(static_cast<double>(elements));
    }
  };
  store(rows.grad_query, dims);
  store(rows.grad_router, 1);
  for (size_t e = 0; e < rows.grad_keys.size(); ++e) {
    store(rows.grad_keys[e], dims);
    store(rows.grad_values[e], dims);
  }
  return rows;
}

}  // namespace dsvlm::check
