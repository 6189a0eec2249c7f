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

#include "tensors.h"

namespace dsvlm::check {

inline std::mt19937_64 generator;
inline int comparisons = 0, failures = 0;

inline int64_t pick(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(generator); }

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

 private:
  std::string name_;
  double limit_;
};

}  // namespace dsvlm::check
