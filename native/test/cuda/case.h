/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// One case of the comparison, and what all cases count and draw.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tensors.h"

namespace dsvlm::check {

inline uint64_t seed = 1;
inline std::mt19937_64 generator;
inline int comparisons = 0, failures = 0;

// To be called before a case draws. Its draws depend on nothing but the seed and its name, so that a case more leaves
// the others as they are.
inline void begin_case(const char* kind, DType type, int64_t index) {
  const std::string name = std::to_string(seed) + " " + kind + " " + type_name(type) + " " + std::to_string(index);
  std::seed_seq sequence(name.begin(), name.end());
  generator.seed(sequence);
}

inline int64_t pick(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(generator); }

inline std::string joined(const std::vector<int64_t>& sizes) {
  std::string text;
  for (int64_t size : sizes) {
    text += (text.empty() ? "" : "x") + std::to_string(size);
  }
  return text;
}

// Largest |difference| / max(largest |expected|, 0.1) that a type may show.
inline double tolerance(DType type) {
  switch (type) {
    case DType::f64:
      return 1e-11;
    case DType::f32:
      return 3e-5;
    case DType::bf16:
      return 2e-2;
    case DType::f16:
      return 3e-3;
  }
  return 0;
}

// Rows, and for each the most by which rounding may change it, as a length.
struct BoundedRows {
  std::vector<double> values, bounds;
};

class Case {
 public:
  Case(std::string name, DType type) : name_(std::move(name) + " " + type_name(type)), limit_(tolerance(type)) {}

  void compare(const char* what, const Tensor& actual, const Tensor& expected) {
    ++comparisons;
    double largest = 0.1, difference = 0;
    for (int64_t i = 0; i < expected.size(); ++i) {
      largest = std::max(largest, std::abs(expected.get(i)));
    }
    for (int64_t i = 0; i < expected.size(); ++i) {
      const double here = std::abs(actual.get(i) - expected.get(i)) / largest;
      difference = std::isnan(here) ? INFINITY : std::max(difference, here);
    }
    if (!actual.intact()) {
      printf("WRITTEN OUTSIDE: %s, %s\n", name_.c_str(), what);
      ++failures;
    }
    if (!(difference <= limit_)) {
      printf("WRONG: %s, %s: %.2e\n", name_.c_str(), what, difference);
      ++failures;
    }
  }

  void compare_bytes(const char* what, const Tensor& actual, const Tensor& expected) {
    ++comparisons;
    if (!actual.has_bytes_of(expected)) {
      printf("OTHER BITS: %s, %s\n", name_.c_str(), what);
      ++failures;
    }
  }

  // Every row, of so many elements, is as far from what is expected as its bound says, or nearer.
  void compare_rows(const char* what, const Tensor& actual, const BoundedRows& rows) {
    const auto& [expected, bounds] = rows;
    ++comparisons;
    const size_t elements = bounds.empty() ? 0 : expected.size() / bounds.size();
    double most = 0;
    size_t worst = 0;
    for (size_t row = 0; row < bounds.size(); ++row) {
      double squares = 0;
      for (size_t i = row * elements; i < (row + 1) * elements; ++i) {
        squares += std::pow(actual.get(static_cast<int64_t>(i)) - expected[i], 2);
      }
      const double share = squares == 0 ? 0 : std::sqrt(squares) / bounds[row];
      if (!(share <= most)) {
        most = std::isnan(share) ? INFINITY : share;
        worst = row;
      }
    }
    if (!(most <= 1)) {
      printf(
          "WRONG: %s, %s, row %zu: off by %.2f times what rounding explains, %.2e\n", name_.c_str(), what, worst, most,
          bounds[worst]);
      ++failures;
    }
  }

 private:
  std::string name_;
  double limit_;
};

}  // namespace dsvlm::check
