/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// See kernels/perceptual_distance.h. Compiled once per instruction set, see simd.h.
//
// A task is a run of neighbouring positions of one sample, taken in strips so narrow that all channels of
// both maps stay in cache: the first pass over a strip reads memory, the others read the cache.
#pragma once

#include <omp.h>

#include "kernels/cpu/simd.h"
#include "kernels/perceptual_distance.h"

namespace dsvlm::cpu::DSVLM_ISA {

constexpr int64_t kTaskPositions = 1024;
constexpr int64_t kMostStrip = 128;
constexpr int64_t kStripBytes = 256 * 1024;

// Positions of a strip: a power of two, at most kMostStrip.
template <typename T>
int64_t strip_of(const PerceptualProblem& p) {
  int64_t strip = kMostStrip;
  while (strip > 16 && 2 * strip * p.channels * static_cast<int64_t>(sizeof(T)) > kStripBytes) {
    strip /= 2;
  }
  return strip;
}

// One strip of both maps, and per position the inverse lengths over the channels.
template <typename T>
struct Strip {
  using A = Accumulator<T>;

  const T *features, *target;
  int64_t features_channel, target_channel, channels, count;
  A length_f[kMostStrip], length_t[kMostStrip], inverse_f[kMostStrip], inverse_t[kMostStrip];

  Strip(const PerceptualProblem& p, int64_t batch, int64_t first, int64_t positions)
      : features(static_cast<const T*>(p.features.data) + batch * p.features.stride[0] + first),
        target(static_cast<const T*>(p.target.data) + batch * p.target.stride[0] + first),
        features_channel(p.features.stride[1]),
        target_channel(p.target.stride[1]),
        channels(p.channels),
        count(positions) {
    A sum_f[kMostStrip] = {}, sum_t[kMostStrip] = {};
    for (int64_t c = 0; c < channels; ++c) {
      const T *f = features + c * features_channel, *t = target + c * target_channel;
#pragma omp simd
      for (int64_t i = 0; i < count; ++i) {
        A a = load(f[i]), b = load(t[i]);
        sum_f[i] += a * a;
        sum_t[i] += b * b;
      }
    }
    for (int64_t i = 0; i < count; ++i) {
      length_f[i] = static_cast<A>(::sqrt(static_cast<double>(sum_f[i])));
      length_t[i] = static_cast<A>(::sqrt(static_cast<double>(sum_t[i])));
      inverse_f[i] = length_f[i] > 0 ? 1 / (length_f[i] + static_cast<A>(kPerceptualEpsilon)) : 0;
      inverse_t[i] = length_t[i] > 0 ? 1 / (length_t[i] + static_cast<A>(kPerceptualEpsilon)) : 0;
    }
  }
};

template <typename T>
double distance_of(const PerceptualProblem& p, int64_t batch, int64_t first, int64_t last, int64_t width) {
  using A = Accumulator<T>;
  const T* weights = static_cast<const T*>(p.weights);
  double total = 0;
  for (int64_t start = first; start < last; start += width) {
    const int64_t count = last - start < width ? last - start : width;
    Strip<T> s(p, batch, start, count);
    A sum[kMostStrip] = {};
    for (int64_t c = 0; c < p.channels; ++c) {
      const T *f = s.features + c * s.features_channel, *t = s.target + c * s.target_channel;
      const A weight = load(weights[c]);
#pragma omp simd
      for (int64_t i = 0; i < count; ++i) {
        A difference = load(f[i]) * s.inverse_f[i] - load(t[i]) * s.inverse_t[i];
        sum[i] += weight * difference * difference;
      }
    }
    for (int64_t i = 0; i < count; ++i) {
      total += static_cast<double>(sum[i]);
    }
  }
  return total;
}

template <typename T>
bool forward_of(const PerceptualForward& call) {
  using A = Accumulator<T>;
  const PerceptualProblem& p = call.problem;
  const int64_t parts = (p.positions + kTaskPositions - 1) / kTaskPositions;
  const int64_t tasks = p.batch * parts, strip = strip_of<T>(p);
  Scratch sums(1, tasks * static_cast<int64_t>(sizeof(double)));
  if (sums.failed()) {
    return false;
  }
#pragma omp parallel for schedule(dynamic) if (tasks > 1)
  for (int64_t task = 0; task < tasks; ++task) {
    int64_t first = task % parts * kTaskPositions;
    int64_t last = first + kTaskPositions < p.positions ? first + kTaskPositions : p.positions;
    sums.at<double>(0)[task] = distance_of<T>(p, task / parts, first, last, strip);
  }
  for (int64_t b = 0; b < p.batch; ++b) {
    double sum = 0;
    for (int64_t i = b * parts; i < (b + 1) * parts; ++i) {
      sum += sums.at<double>(0)[i];
    }
    static_cast<A*>(call.output)[b] = static_cast<A>(sum / static_cast<double>(p.positions));
  }
  return true;
}

// With e = w (u - v) and the factor k = 2 upstream / positions:
//
//   df = k (e / (|f| + eps) - f (e . f) / ((|f| + eps)^2 |f|)), the same with -e for t, dw = k / 2 (u - v)^2
template <typename T>
struct PerceptualBackwardTask {
  using A = Accumulator<T>;

  const PerceptualBackward& call;
  int64_t batch, width;
  A factor;
  double* grad_weights;  // [channels], or null

  void run(int64_t first, int64_t last) {
    for (int64_t start = first; start < last; start += width) {
      strip(start, last - start < width ? last - start : width);
    }
  }

  void strip(int64_t start, int64_t count) {
    const PerceptualProblem& p = call.problem;
    const T* weights = static_cast<const T*>(p.weights);
    Strip<T> s(p, batch, start, count);
    A dot_f[kMostStrip] = {}, dot_t[kMostStrip] = {};
    for (int64_t c = 0; c < p.channels; ++c) {
      const T *f = s.features + c * s.features_channel, *t = s.target + c * s.target_channel;
      const A weight = load(weights[c]);
      A squares = 0;
#pragma omp simd reduction(+ : squares)
      for (int64_t i = 0; i < count; ++i) {
        A a = load(f[i]), b = load(t[i]);
        A difference = a * s.inverse_f[i] - b * s.inverse_t[i];
        dot_f[i] += weight * difference * a;
        dot_t[i] += weight * difference * b;
        squares += difference * difference;
      }
      if (grad_weights != nullptr) {
        grad_weights[c] += static_cast<double>(squares * factor / 2);
      }
    }
    for (int64_t i = 0; i < count; ++i) {
      dot_f[i] = s.length_f[i] > 0 ? dot_f[i] * s.inverse_f[i] * s.inverse_f[i] / s.length_f[i] : 0;
      dot_t[i] = s.length_t[i] > 0 ? dot_t[i] * s.inverse_t[i] * s.inverse_t[i] / s.length_t[i] : 0;
    }
    write(s, start, dot_f, dot_t);
  }

  void write(const Strip<T>& s, int64_t start, const A* dot_f, const A* dot_t) {
    const PerceptualProblem& p = call.problem;
    const T* weights = static_cast<const T*>(p.weights);
    for (int64_t c = 0; c < p.channels; ++c) {
      const T *f = s.features + c * s.features_channel, *t = s.target + c * s.target_channel;
      const A weight = load(weights[c]);
      const int64_t offset = (batch * p.channels + c) * p.positions + start;
      if (call.grad_features != nullptr) {
        T* to = static_cast<T*>(call.grad_features) + offset;
        for (int64_t i = 0; i < s.count; ++i) {
          A a = load(f[i]);
          A e = weight * (a * s.inverse_f[i] - load(t[i]) * s.inverse_t[i]);
          store(to + i, factor * (e * s.inverse_f[i] - a * dot_f[i]));
        }
      }
      if (call.grad_target != nullptr) {
        T* to = static_cast<T*>(call.grad_target) + offset;
        for (int64_t i = 0; i < s.count; ++i) {
          A b = load(t[i]);
          A e = weight * (load(f[i]) * s.inverse_f[i] - b * s.inverse_t[i]);
          store(to + i, factor * (b * dot_t[i] - e * s.inverse_t[i]));
        }
      }
    }
  }
};

template <typename T>
bool backward_of(const PerceptualBackward& call) {
  using A = Accumulator<T>;
  const PerceptualProblem& p = call.problem;
  const int64_t parts = (p.positions + kTaskPositions - 1) / kTaskPositions;
  const int64_t tasks = p.batch * parts, strip = strip_of<T>(p);
  const bool weighted = call.grad_weights != nullptr;
  Scratch sums(1, weighted ? tasks * p.channels * static_cast<int64_t>(sizeof(double)) : 0);
  if (sums.failed()) {
    return false;
  }
  double* all = sums.at<double>(0);
  if (weighted) {
    memset(all, 0, sizeof(double) * tasks * p.channels);
  }
#pragma omp parallel for schedule(dynamic) if (tasks > 1)
  for (int64_t task = 0; task < tasks; ++task) {
    int64_t batch = task / parts, first = task % parts * kTaskPositions;
    int64_t last = first + kTaskPositions < p.positions ? first + kTaskPositions : p.positions;
    A factor = 2 * static_cast<const A*>(call.grad_output)[batch] / static_cast<A>(p.positions);
    PerceptualBackwardTask<T>{call, batch, strip, factor, weighted ? all + task * p.channels : nullptr}.run(
        first, last);
  }
  if (weighted) {
    for (int64_t c = 0; c < p.channels; ++c) {
      double sum = 0;
      for (int64_t task = 0; task < tasks; ++task) {
        sum += all[task * p.channels + c];
      }
      store(static_cast<T*>(call.grad_weights) + c, static_cast<A>(sum));
    }
  }
  return true;
}

bool forward(const PerceptualForward& call) { DSVLM_CALL_FOR_TYPE(forward_of, call.problem.dtype, call) }

bool backward(const PerceptualBackward& call) { DSVLM_CALL_FOR_TYPE(backward_of, call.problem.dtype, call) }

}  // namespace dsvlm::cpu::DSVLM_ISA
