/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// See kernels/group_norm_silu.h. Compiled once per instruction set, see simd.h.
//
// A task is a group of one sample, whose elements follow one another: the first pass over it reads memory, the
// others mostly a cache. The backward computes dy twice rather than store it.
#pragma once

#include <omp.h>

#include "kernels/cpu/simd.h"
#include "kernels/group_norm_silu.h"

namespace dsvlm::cpu::DSVLM_ISA {

// Elements that are added in the accumulation type before a double takes their sum.
constexpr int64_t kSumElements = 512;

// The number of [-most, most] that is nearest to x; by integers, since GCC turns comparisons of floats here into
// copies of all that follows, and loops around them take four times as long. NaN becomes one of the ends.
inline float clamped(float x, float most) {
  constexpr uint32_t kSign = 0x80000000;
  const uint32_t bits = __builtin_bit_cast(uint32_t, x), limit = __builtin_bit_cast(uint32_t, most);
  const uint32_t size = bits & ~kSign;
  return __builtin_bit_cast(float, (size < limit ? size : limit) | (bits & kSign));
}

// Of NaN a number, which its caller multiplies by y.
inline float sigmoid_of(float y) {
  constexpr float kPerLog2 = -1.442695041f, kMost = 126.0f;
  return 1.0f / (1.0f + exp2_within(clamped(y * kPerLog2, kMost)));
}

inline double sigmoid_of(double y) { return 1 / (1 + ::exp(-y)); }

// One group of one sample.
template <typename T>
struct NormalisedGroup {
  using A = Accumulator<T>;

  const GroupNormSiluProblem& p;
  int64_t index, first_channel, channels, offset;
  const T* input;
  A mean, inverse_deviation;

  NormalisedGroup(const GroupNormSiluProblem& problem, int64_t task)
      : p(problem),
        index(task),
        first_channel(task % problem.groups * (problem.channels / problem.groups)),
        channels(problem.channels / problem.groups),
        offset(task * channels * problem.positions),
        input(static_cast<const T*>(problem.input) + offset) {}

  int64_t elements() const { return channels * p.positions; }

  // y = (x - mean) scale + bias of a channel. Subtracting first keeps what a large mean would round away.
  A scale(int64_t c) const { return load(static_cast<const T*>(p.weight)[first_channel + c]) * inverse_deviation; }
  A bias(int64_t c) const { return load(static_cast<const T*>(p.bias)[first_channel + c]); }

  void measure(double eps) {
    const int64_t count = elements();
    double sum = 0, squares = 0;
    for (int64_t begin = 0; begin < count; begin += kSumElements) {
      const int64_t end = begin + kSumElements < count ? begin + kSumElements : count;
      A part = 0;
#pragma omp simd reduction(+ : part)
      for (int64_t i = begin; i < end; ++i) {
        part += load(input[i]);
      }
      sum += static_cast<double>(part);
    }
    mean = static_cast<A>(sum / static_cast<double>(count));
    for (int64_t begin = 0; begin < count; begin += kSumElements) {
      const int64_t end = begin + kSumElements < count ? begin + kSumElements : count;
      A part = 0;
#pragma omp simd reduction(+ : part)
      for (int64_t i = begin; i < end; ++i) {
        const A difference = load(input[i]) - mean;
        part += difference * difference;
      }
      squares += static_cast<double>(part);
    }
    inverse_deviation = static_cast<A>(1 / root_of(squares / static_cast<double>(count) + eps));
  }

  void write(T* output) const {
    for (int64_t c = 0; c < channels; ++c) {
      const T* __restrict from = input + c * p.positions;
      T* __restrict to = output + offset + c * p.positions;
      const A a = scale(c), b = bias(c), centre = mean;
#pragma omp simd
      for (int64_t i = 0; i < p.positions; ++i) {
        const A y = (load(from[i]) - centre) * a + b;
        store(to + i, y * sigmoid_of(y));
      }
    }
  }

  static A slope(A y, A upstream) {
    const A s = sigmoid_of(y);
    return upstream * s * (1 + y * (1 - s));
  }

  // Sums of dy and dy u over the positions of channel c.
  void sum_channel(const T* upstream, int64_t c, double* of_slopes, double* of_products) const {
    const T* __restrict from = input + c * p.positions;
    const T* __restrict g = upstream + offset + c * p.positions;
    const A a = scale(c), b = bias(c), centre = mean, inverse = inverse_deviation;
    double slopes = 0, products = 0;
    for (int64_t begin = 0; begin < p.positions; begin += kSumElements) {
      const int64_t end = begin + kSumElements < p.positions ? begin + kSumElements : p.positions;
      A slope_part = 0, product_part = 0;
#pragma omp simd reduction(+ : slope_part, product_part)
      for (int64_t i = begin; i < end; ++i) {
        const A x = load(from[i]) - centre;
        const A dy = slope(x * a + b, load(g[i]));
        slope_part += dy;
        product_part += dy * (x * inverse);
      }
      slopes += static_cast<double>(slope_part);
      products += static_cast<double>(product_part);
    }
    *of_slopes = slopes;
    *of_products = products;
  }

  // slopes, products: the sums of the group's channels.
  void write_gradient(const T* upstream, const double* slopes, const double* products, T* gradient) const {
    double all_slopes = 0, all_products = 0;
    for (int64_t c = 0; c < channels; ++c) {
      const double weight = static_cast<double>(load(static_cast<const T*>(p.weight)[first_channel + c]));
      all_slopes += weight * slopes[c];
      all_products += weight * products[c];
    }
    // dx = dy scale - (mean slope + u mean product) / deviation, where the latter is (x - mean) near + at
    const double inverse = static_cast<double>(inverse_deviation), count = static_cast<double>(elements());
    const A near = static_cast<A>(-all_products / count * inverse * inverse);
    const A at = static_cast<A>(-all_slopes / count * inverse);
    const A centre = mean;
    for (int64_t c = 0; c < channels; ++c) {
      const T* __restrict from = input + c * p.positions;
      const T* __restrict g = upstream + offset + c * p.positions;
      T* __restrict to = gradient + offset + c * p.positions;
      const A a = scale(c), b = bias(c);
#pragma omp simd
      for (int64_t i = 0; i < p.positions; ++i) {
        const A x = load(from[i]) - centre;
        store(to + i, slope(x * a + b, load(g[i])) * a + x * near + at);
      }
    }
  }
};

template <typename T>
bool forward_of(const GroupNormSiluForward& call) {
  using A = Accumulator<T>;
  const int64_t tasks = call.problem.batch * call.problem.groups;
#pragma omp parallel for schedule(dynamic) if (tasks > 1)
  for (int64_t task = 0; task < tasks; ++task) {
    NormalisedGroup<T> group(call.problem, task);
    group.measure(call.eps);
    static_cast<A*>(call.mean)[task] = group.mean;
    static_cast<A*>(call.inverse_deviation)[task] = group.inverse_deviation;
    group.write(static_cast<T*>(call.output));
  }
  return true;
}

// Sums sums[batch][channels] over the batch.
template <typename T>
void sum_batch(const GroupNormSiluProblem& p, const double* sums, T* to) {
  for (int64_t c = 0; c < p.channels; ++c) {
    double sum = 0;
    for (int64_t b = 0; b < p.batch; ++b) {
      sum += sums[b * p.channels + c];
    }
    store(to + c, static_cast<Accumulator<T>>(sum));
  }
}

template <typename T>
bool backward_of(const GroupNormSiluBackward& call) {
  using A = Accumulator<T>;
  const GroupNormSiluProblem& p = call.problem;
  const int64_t tasks = p.batch * p.groups, rows = p.batch * p.channels;
  const Scratch sums(2, rows * static_cast<int64_t>(sizeof(double)));
  if (sums.failed()) {
    return false;
  }
  double *slopes = sums.at<double>(0), *products = sums.at<double>(1);
  const T* upstream = static_cast<const T*>(call.grad_output);
#pragma omp parallel for schedule(dynamic) if (tasks > 1)
  for (int64_t task = 0; task < tasks; ++task) {
    NormalisedGroup<T> group(p, task);
    group.mean = static_cast<const A*>(call.mean)[task];
    group.inverse_deviation = static_cast<const A*>(call.inverse_deviation)[task];
    const int64_t row = task * group.channels;
    for (int64_t c = 0; c < group.channels; ++c) {
      group.sum_channel(upstream, c, slopes + row + c, products + row + c);
    }
    if (call.grad_input != nullptr) {
      group.write_gradient(upstream, slopes + row, products + row, static_cast<T*>(call.grad_input));
    }
  }
  if (call.grad_weight != nullptr) {
    sum_batch(p, products, static_cast<T*>(call.grad_weight));
  }
  if (call.grad_bias != nullptr) {
    sum_batch(p, slopes, static_cast<T*>(call.grad_bias));
  }
  return true;
}

bool forward(const GroupNormSiluForward& call) { DSVLM_CALL_FOR_TYPE(forward_of, call.problem.dtype, call) }

bool backward(const GroupNormSiluBackward& call) { DSVLM_CALL_FOR_TYPE(backward_of, call.problem.dtype, call) }

}  // namespace dsvlm::cpu::DSVLM_ISA
