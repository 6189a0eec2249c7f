/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Backward of kernels/ssim.h. Compiled once per instruction set, see simd.h.
//
// With S = a1 a2 / (b1 b2) at a point of the map, the gradient of x at a pixel is
//
//   window(dS/dE[x]) + 2 x window(dS/dE[x^2]) + y window(dS/dE[xy])
//
// where window sums over the points that see the pixel. The moments are computed again, so nothing of the
// forward is kept. Rows stream through as in the forward, then the derivatives' rows do.
#pragma once

#include "kernels/cpu/ssim_forward_impl.h"

namespace dsvlm::cpu::DSVLM_ISA {

// Derivatives of the similarity by the moments; by E[x^2] and by E[y^2] they are the same.
constexpr int kByMeanX = 0, kByMeanY = 1, kBySquare = 2, kByProduct = 3, kDerivatives = 4;

// Rows of the derivatives, filtered along the width, with the map's rows outside it as zeros.
template <typename T>
class Derivatives {
 public:
  using A = Accumulator<T>;

  Derivatives(const SsimProblem& p, int64_t plane, A factor, A* scratch)
      : p_(p),
        factor_(factor),
        moments_(p, plane / p.channels, plane % p.channels, scratch),
        margin_(2 * kSsimRadius - p.padding),
        padded_(scratch + Moments<T>::elements(p)),
        ring_(padded_ + kDerivatives * padded_width(p), kDerivatives, p.width) {
    memset(padded_, 0, sizeof(A) * kDerivatives * padded_width(p));
  }

  static int64_t padded_width(const SsimProblem& p) { return p.width + 2 * kSsimRadius; }

  static int64_t elements(const SsimProblem& p) {
    return Moments<T>::elements(p) + kDerivatives * padded_width(p) + Ring<A>::elements(kDerivatives, p.width);
  }

  // Starts so that the first call of next() gives row `first` of the picture.
  void start(int64_t first) {
    next_ = first;
    int64_t row = first - margin_;
    moments_.start(row > 0 ? row : 0);
    for (; row < first - margin_ + kSsimWindow - 1; ++row) {
      append(row);
    }
  }

  // Fills to[0..3] with the next row of the windowed derivatives.
  void next(A* const* to) {
    append(next_ - margin_ + kSsimWindow - 1);
    ring_.template filter<kDerivatives>(to, next_ - margin_, window_);
    ++next_;
  }

 private:
  void append(int64_t row) {
    if (row < 0 || row >= map_height(p_)) {
      memset(ring_.row(row, 0), 0, sizeof(A) * kDerivatives * p_.width);
      return;
    }
    moments_.next();
    differentiate();
    for (int map = 0; map < kDerivatives; ++map) {
      const A* from = padded_ + map * padded_width(p_);
      A* to = ring_.row(row, map);
#pragma omp simd
      for (int64_t j = 0; j < p_.width; ++j) {
        A sum = 0;
        for (int k = 0; k < kSsimWindow; ++k) {
          sum += window_.weight[k] * from[j + k];
        }
        to[j] = sum;
      }
    }
  }

  void differentiate() {
    const int64_t width = map_width(p_), step = padded_width(p_);
    const A c1 = static_cast<A>(p_.c1), c2 = static_cast<A>(p_.c2), factor = factor_;
    A* const* m = moments_.map;
    A* to = padded_ + margin_;
#pragma omp simd
    for (int64_t j = 0; j < width; ++j) {
      Similarity<A> s(m[0][j], m[1][j], m[2][j], m[3][j], m[4][j], c1, c2);
      A inverse = factor / (s.b1 * s.b2);
      A value = s.a1 * s.a2 * inverse;
      A by_variance = -value / s.b2, by_covariance = 2 * s.a1 * inverse;
      // By the means directly, then through variances and covariance, E[x^2] - E[x]^2 and so on.
      A by_mean_product = 2 * s.a2 * inverse - by_covariance;
      A by_mean_square = -2 * value / s.b1 - 2 * by_variance;
      to[kByMeanX * step + j] = by_mean_product * s.mean_y + by_mean_square * s.mean_x;
      to[kByMeanY * step + j] = by_mean_product * s.mean_x + by_mean_square * s.mean_y;
      to[kBySquare * step + j] = by_variance;
      to[kByProduct * step + j] = by_covariance;
    }
  }

  const SsimProblem& p_;
  Gaussian<A> window_;
  A factor_;
  Moments<T> moments_;
  int64_t margin_;  // of the map's first column or row to the picture's, seen from the window's far end
  A* padded_;
  Ring<A> ring_;
  int64_t next_ = 0;
};

// to = d_mean + 2 own d_square + other d_product
template <typename T>
void gradient_row(
    void* gradient, int64_t offset, int64_t width, const Accumulator<T>* own, const Accumulator<T>* other,
    const Accumulator<T>* by_mean, const Accumulator<T>* by_square, const Accumulator<T>* by_product) {
  if (gradient != nullptr) {
    T* to = static_cast<T*>(gradient) + offset;
    for (int64_t j = 0; j < width; ++j) {
      store(to + j, by_mean[j] + 2 * own[j] * by_square[j] + other[j] * by_product[j]);
    }
  }
}

template <typename T>
struct SsimBackwardTask {
  using A = Accumulator<T>;

  static int64_t elements(const SsimProblem& p) {
    return Derivatives<T>::elements(p) + kDerivatives * p.width + 2 * (p.width + 2 * p.padding);
  }

  static void run(const SsimBackward& call, int64_t plane, int64_t first, int64_t last, A* scratch) {
    const SsimProblem& p = call.problem;
    const int64_t batch = plane / p.channels, channel = plane % p.channels;
    const A upstream = static_cast<const A*>(call.grad_output)[batch];
    const A factor = upstream / static_cast<A>(p.channels * map_height(p) * map_width(p));
    Plane<T> x(p, p.x, batch, channel), y(p, p.y, batch, channel);
    Derivatives<T> derivatives(p, plane, factor, scratch);
    A* rows = scratch + Derivatives<T>::elements(p);
    A* maps[kDerivatives];
    for (int i = 0; i < kDerivatives; ++i) {
      maps[i] = rows + i * p.width;
    }
    A *row_x = rows + kDerivatives * p.width, *row_y = row_x + p.width + 2 * p.padding;
    derivatives.start(first);
    for (int64_t row = first; row < last; ++row) {
      derivatives.next(maps);
      x.read(row_x, row);
      y.read(row_y, row);
      const A *own_x = row_x + p.padding, *own_y = row_y + p.padding;
      const int64_t offset = (plane * p.height + row) * p.width;
      gradient_row<T>(call.grad_x, offset, p.width, own_x, own_y, maps[kByMeanX], maps[kBySquare], maps[kByProduct]);
      gradient_row<T>(call.grad_y, offset, p.width, own_y, own_x, maps[kByMeanY], maps[kBySquare], maps[kByProduct]);
    }
  }
};

template <typename T>
bool backward_of(const SsimBackward& call) {
  using A = Accumulator<T>;
  const SsimProblem& p = call.problem;
  const int64_t bands = (p.height + kBandRows - 1) / kBandRows;
  const int64_t tasks = p.batch * p.channels * bands;
  const int64_t most = omp_get_max_threads();
  const int threads = static_cast<int>(tasks < most ? tasks : most);
  Scratch scratch(threads, SsimBackwardTask<T>::elements(p) * static_cast<int64_t>(sizeof(A)));
  if (scratch.failed()) {
    return false;
  }
#pragma omp parallel for schedule(dynamic) num_threads(threads) if (threads > 1)
  for (int64_t task = 0; task < tasks; ++task) {
    int64_t first = task % bands * kBandRows;
    int64_t last = first + kBandRows < p.height ? first + kBandRows : p.height;
    SsimBackwardTask<T>::run(call, task / bands, first, last, scratch.at<A>(omp_get_thread_num()));
  }
  return true;
}

bool backward(const SsimBackward& call) { DSVLM_CALL_FOR_TYPE(backward_of, call.problem.dtype, call) }

}  // namespace dsvlm::cpu::DSVLM_ISA
