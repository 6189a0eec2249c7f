/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// The moments that kernels/ssim.h needs, row by row. Compiled once per instruction set, see simd.h.
//
// Instead of x and y their sum s and difference d are looked at: four moments (E[s], E[d], E[s^2], E[d^2])
// then say what otherwise takes five, and of two equal pictures d is exactly 0. Rows stream through: each is
// filtered along its width into a ring of the last 11, which is filtered along the height.
#pragma once

#include "kernels/cpu/simd.h"
#include "kernels/ssim.h"

namespace dsvlm::cpu::DSVLM_ISA {

inline int64_t map_height(const SsimProblem& p) { return p.height + 2 * (p.padding - kSsimRadius); }
inline int64_t map_width(const SsimProblem& p) { return p.width + 2 * (p.padding - kSsimRadius); }

// Half of the symmetric window: weight[k] at a distance of k points.
template <typename A>
struct Gaussian {
  A weight[kSsimRadius + 1];

  Gaussian() {
    double exact[kSsimRadius + 1], sum = 0;
    for (int k = 0; k <= kSsimRadius; ++k) {
      exact[k] = ::exp(-k * k / (2 * 1.5 * 1.5));
      sum += k == 0 ? exact[k] : 2 * exact[k];
    }
    for (int k = 0; k <= kSsimRadius; ++k) {
      weight[k] = static_cast<A>(exact[k] / sum);
    }
  }

  // Sums along a row: lane j weighs from[j] to from[j + 10].
  Vector<A> across(const A* from) const {
    Vector<A> sum = weight[0] * load_vector(from + kSsimRadius);
    for (int k = 1; k <= kSsimRadius; ++k) {
      sum += weight[k] * (load_vector(from + kSsimRadius - k) + load_vector(from + kSsimRadius + k));
    }
    return sum;
  }

  // Sums over 11 rows, at their element j.
  Vector<A> down(const A* const* rows, int64_t j) const {
    Vector<A> sum = weight[0] * load_vector(rows[kSsimRadius] + j);
    for (int k = 1; k <= kSsimRadius; ++k) {
      sum += weight[k] * (load_vector(rows[kSsimRadius - k] + j) + load_vector(rows[kSsimRadius + k] + j));
    }
    return sum;
  }
};

// The last 11 rows of some maps, by row number; the maps of a row lie one after the other, `stride` apart.
template <typename A>
class Ring {
 public:
  Ring(A* memory, int maps, int64_t stride) : memory_(memory), row_(maps * stride) {}

  static int64_t elements(int maps, int64_t stride) { return kSsimWindow * maps * stride; }

  A* row(int64_t number) const { return memory_ + (number + kSsimWindow) % kSsimWindow * row_; }
  void clear(int64_t number) const { memset(row(number), 0, sizeof(A) * row_); }

  // The rows first, first + 1, ..., first + 10; first is at least -11.
  struct Last {
    const A* rows[kSsimWindow];
  };
  Last last(int64_t first) const {
    Last all;
    for (int k = 0; k < kSsimWindow; ++k) {
      all.rows[k] = row(first + k);
    }
    return all;
  }

 private:
  A* memory_;
  int64_t row_;
};

// Sum and difference of two pictures' planes.
template <typename T>
class Planes {
 public:
  using A = Accumulator<T>;

  Planes(const SsimProblem& p, int64_t plane) : p_(p), x_(at(p.x, plane)), y_(at(p.y, plane)) {}

  void read(A* sum, A* difference, int64_t row) const {
    const T *x = x_ + row * p_.x.stride[2], *y = y_ + row * p_.y.stride[2];
    const int64_t step_x = p_.x.stride[3], step_y = p_.y.stride[3];
    if (step_x == 1 && step_y == 1) {
#pragma omp simd
      for (int64_t j = 0; j < p_.width; ++j) {
        A a = load(x[j]), b = load(y[j]);
        sum[j] = a + b;
        difference[j] = a - b;
      }
    } else {
      for (int64_t j = 0; j < p_.width; ++j) {
        A a = load(x[j * step_x]), b = load(y[j * step_y]);
        sum[j] = a + b;
        difference[j] = a - b;
      }
    }
  }

 private:
  const T* at(const Strided4& picture, int64_t plane) const {
    return static_cast<const T*>(picture.data) + plane / p_.channels * picture.stride[0] +
           plane % p_.channels * picture.stride[1];
  }

  const SsimProblem& p_;
  const T *x_, *y_;
};

// The four moments of one vector of points.
template <typename A>
struct MomentsAt {
  Vector<A> mean_s, mean_d, square_s, square_d;
};

// The moments of the map's rows, in rising order.
template <typename T>
class Moments {
 public:
  using A = Accumulator<T>;
  static constexpr int kMaps = 4;

  Moments(const SsimProblem& p, int64_t plane, A* scratch)
      : p_(p),
        stride_(padded<A>(map_width(p))),
        planes_(p, plane),
        sum_(scratch),
        difference_(scratch + row_elements(p)),
        ring_(scratch + 2 * row_elements(p), kMaps, stride_) {
    // What stands beside the pixels stays 0.
    memset(scratch, 0, sizeof(A) * 2 * row_elements(p));
  }

  static int64_t elements(const SsimProblem& p) {
    return 2 * row_elements(p) + Ring<A>::elements(kMaps, padded<A>(map_width(p)));
  }

  // Starts so that the first call of next() gives row `first` of the map.
  void start(int64_t first) {
    next_ = first;
    for (int64_t row = first - p_.padding; row < first - p_.padding + kSsimWindow - 1; ++row) {
      append(row);
    }
  }

  void next() {
    append(next_ - p_.padding + kSsimWindow - 1);
    last_ = ring_.last(next_ - p_.padding);
    ++next_;
  }

  // Of the present row, the points from j on.
  MomentsAt<A> at(int64_t j) const {
    return {
        window_.down(last_.rows, j), window_.down(last_.rows, stride_ + j), window_.down(last_.rows, 2 * stride_ + j),
        window_.down(last_.rows, 3 * stride_ + j)};
  }

 private:
  static int64_t row_elements(const SsimProblem& p) { return padded<A>(map_width(p)) + padded<A>(kSsimWindow); }

  void append(int64_t row) {
    if (row < 0 || row >= p_.height) {
      ring_.clear(row);
      return;
    }
    planes_.read(sum_ + p_.padding, difference_ + p_.padding, row);
    A* to = ring_.row(row);
    for (int64_t j = 0; j < stride_; j += kLanes<A>) {
      filter(to + j, to + 2 * stride_ + j, sum_ + j);
      filter(to + stride_ + j, to + 3 * stride_ + j, difference_ + j);
    }
  }

  void filter(A* mean, A* square, const A* from) const {
    using V = Vector<A>;
    V middle = load_vector(from + kSsimRadius);
    V weighted = window_.weight[0] * middle;
    V first = weighted, second = weighted * middle;
    for (int k = 1; k <= kSsimRadius; ++k) {
      V left = load_vector(from + kSsimRadius - k), right = load_vector(from + kSsimRadius + k);
      first += window_.weight[k] * (left + right);
      second += window_.weight[k] * (left * left + right * right);
    }
    store_vector(mean, first);
    store_vector(square, second);
  }

  const SsimProblem& p_;
  Gaussian<A> window_;
  int64_t stride_;
  Planes<T> planes_;
  A *sum_, *difference_;
  Ring<A> ring_;
  typename Ring<A>::Last last_;
  int64_t next_ = 0;
};

}  // namespace dsvlm::cpu::DSVLM_ISA
