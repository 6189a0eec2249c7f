/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// See kernels/ssim.h. Compiled once per instruction set, see simd.h.
//
// A task is a band of rows of one plane. Rows stream through: each is filtered along its width (five
// moments in one pass) into a ring of the last 11, the ring is filtered along the height.
#pragma once

#include <omp.h>

#include "kernels/cpu/simd.h"
#include "kernels/ssim.h"

namespace dsvlm::cpu::DSVLM_ISA {

constexpr int kMoments = 5;  // E[x], E[y], E[x^2], E[y^2], E[xy]
constexpr int64_t kBandRows = 128;

template <typename A>
struct Gaussian {
  A weight[kSsimWindow];

  Gaussian() {
    double exact[kSsimWindow], sum = 0;
    for (int i = 0; i < kSsimWindow; ++i) {
      double distance = i - kSsimRadius;
      exact[i] = ::exp(-distance * distance / (2 * 1.5 * 1.5));
      sum += exact[i];
    }
    for (int i = 0; i < kSsimWindow; ++i) {
      weight[i] = static_cast<A>(exact[i] / sum);
    }
  }
};

inline int64_t map_height(const SsimProblem& p) { return p.height + 2 * (p.padding - kSsimRadius); }
inline int64_t map_width(const SsimProblem& p) { return p.width + 2 * (p.padding - kSsimRadius); }

// The last 11 rows of some maps, by row number.
template <typename A>
class Ring {
 public:
  Ring(A* memory, int maps, int64_t width) : memory_(memory), maps_(maps), width_(width) {}

  static int64_t elements(int maps, int64_t width) { return kSsimWindow * maps * width; }

  A* row(int64_t number, int map) const {
    int64_t slot = (number % kSsimWindow + kSsimWindow) % kSsimWindow;
    return memory_ + (slot * maps_ + map) * width_;
  }

  // to[map][j] = sum_k w_k row(first + k, map)[j], MAPS maps at once.
  template <int MAPS>
  void filter(A* const* to, int64_t first, const Gaussian<A>& window) const {
    for (int map = 0; map < MAPS; ++map) {
      const A* from[kSsimWindow];
      for (int k = 0; k < kSsimWindow; ++k) {
        from[k] = row(first + k, map);
      }
      A* out = to[map];
      for (int64_t j = 0; j < width_; ++j) {
        A sum = 0;
        for (int k = 0; k < kSsimWindow; ++k) {
          sum += window.weight[k] * from[k][j];
        }
        out[j] = sum;
      }
    }
  }

 private:
  A* memory_;
  int maps_;
  int64_t width_;
};

// One picture's plane: copies rows into a buffer with zeros on both sides.
template <typename T>
class Plane {
 public:
  Plane(const SsimProblem& p, const Strided4& picture, int64_t batch, int64_t channel)
      : data_(static_cast<const T*>(picture.data) + batch * picture.stride[0] + channel * picture.stride[1]),
        row_(picture.stride[2]),
        column_(picture.stride[3]),
        width_(p.width),
        padding_(p.padding) {}

  void read(Accumulator<T>* to, int64_t row) const {
    for (int64_t j = 0; j < padding_; ++j) {
      to[j] = 0;
      to[padding_ + width_ + j] = 0;
    }
    to += padding_;
    const T* from = data_ + row * row_;
    if (column_ == 1) {
      for (int64_t j = 0; j < width_; ++j) {
        to[j] = load(from[j]);
      }
    } else {
      for (int64_t j = 0; j < width_; ++j) {
        to[j] = load(from[j * column_]);
      }
    }
  }

 private:
  const T* data_;
  int64_t row_, column_, width_, padding_;
};

// Moments of the map's rows, in rising order.
template <typename T>
class Moments {
 public:
  using A = Accumulator<T>;

  Moments(const SsimProblem& p, int64_t batch, int64_t channel, A* scratch)
      : p_(p),
        x_(p, p.x, batch, channel),
        y_(p, p.y, batch, channel),
        row_x_(scratch),
        row_y_(scratch + p.width + 2 * p.padding),
        ring_(row_y_ + p.width + 2 * p.padding, kMoments, map_width(p)) {
    A* rows = row_y_ + p.width + 2 * p.padding + Ring<A>::elements(kMoments, map_width(p));
    for (int i = 0; i < kMoments; ++i) {
      map[i] = rows + i * map_width(p);
    }
  }

  static int64_t elements(const SsimProblem& p) {
    return 2 * (p.width + 2 * p.padding) + Ring<A>::elements(kMoments, map_width(p)) + kMoments * map_width(p);
  }

  // Starts so that the first call of next() gives row `first` of the map.
  void start(int64_t first) {
    next_ = first;
    for (int64_t row = first - p_.padding; row < first - p_.padding + kSsimWindow - 1; ++row) {
      append(row);
    }
  }

  // Fills map[0..4] with the next row.
  void next() {
    append(next_ - p_.padding + kSsimWindow - 1);
    ring_.template filter<kMoments>(map, next_ - p_.padding, window_);
    ++next_;
  }

  A* map[kMoments];

 private:
  void append(int64_t row) {
    const int64_t width = map_width(p_);
    if (row < 0 || row >= p_.height) {
      memset(ring_.row(row, 0), 0, sizeof(A) * kMoments * width);
      return;
    }
    x_.read(row_x_, row);
    y_.read(row_y_, row);
    const A *x = row_x_, *y = row_y_;
    A *mean_x = ring_.row(row, 0), *mean_y = ring_.row(row, 1);
    A *xx = ring_.row(row, 2), *yy = ring_.row(row, 3), *xy = ring_.row(row, 4);
#pragma omp simd
    for (int64_t j = 0; j < width; ++j) {
      A sum_x = 0, sum_y = 0, sum_xx = 0, sum_yy = 0, sum_xy = 0;
      for (int k = 0; k < kSsimWindow; ++k) {
        A a = x[j + k], b = y[j + k];
        A weighted_a = window_.weight[k] * a, weighted_b = window_.weight[k] * b;
        sum_x += weighted_a;
        sum_y += weighted_b;
        sum_xx += weighted_a * a;
        sum_yy += weighted_b * b;
        sum_xy += weighted_a * b;
      }
      mean_x[j] = sum_x;
      mean_y[j] = sum_y;
      xx[j] = sum_xx;
      yy[j] = sum_yy;
      xy[j] = sum_xy;
    }
  }

  const SsimProblem& p_;
  Gaussian<A> window_;
  Plane<T> x_, y_;
  A *row_x_, *row_y_;
  Ring<A> ring_;
  int64_t next_ = 0;
};

// Similarity at one point as a1 a2 / (b1 b2). Variances are never negative; where rounding makes one so, it
// and the covariance count as 0. Derivatives ignore that: in exact arithmetic there is nothing to correct.
template <typename A>
struct Similarity {
  A mean_x, mean_y, a1, a2, b1, b2;

  Similarity(A mx, A my, A xx, A yy, A xy, A c1, A c2) : mean_x(mx), mean_y(my) {
    A variance_x = xx - mx * mx, variance_y = yy - my * my, covariance = xy - mx * my;
    covariance = variance_x < 0 || variance_y < 0 ? 0 : covariance;
    variance_x = variance_x < 0 ? 0 : variance_x;
    variance_y = variance_y < 0 ? 0 : variance_y;
    a1 = 2 * mx * my + c1;
    a2 = 2 * covariance + c2;
    b1 = mx * mx + my * my + c1;
    b2 = variance_x + variance_y + c2;
  }

  A value() const { return a1 * a2 / (b1 * b2); }
};

template <typename T>
double forward_band(const SsimProblem& p, int64_t plane, int64_t first, int64_t last, Accumulator<T>* scratch) {
  using A = Accumulator<T>;
  Moments<T> moments(p, plane / p.channels, plane % p.channels, scratch);
  const A c1 = static_cast<A>(p.c1), c2 = static_cast<A>(p.c2);
  const int64_t width = map_width(p);
  double total = 0;
  moments.start(first);
  for (int64_t row = first; row < last; ++row) {
    moments.next();
    A* const* m = moments.map;
    A sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < width; ++j) {
      sum += Similarity<A>(m[0][j], m[1][j], m[2][j], m[3][j], m[4][j], c1, c2).value();
    }
    total += static_cast<double>(sum);
  }
  return total;
}

template <typename T>
bool forward_of(const SsimForward& call) {
  using A = Accumulator<T>;
  const SsimProblem& p = call.problem;
  const int64_t bands = (map_height(p) + kBandRows - 1) / kBandRows;
  const int64_t tasks = p.batch * p.channels * bands;
  const int64_t most = omp_get_max_threads();
  const int threads = static_cast<int>(tasks < most ? tasks : most);
  Scratch scratch(threads, Moments<T>::elements(p) * static_cast<int64_t>(sizeof(A)));
  Scratch sums(1, tasks * static_cast<int64_t>(sizeof(double)));
  if (scratch.failed() || sums.failed()) {
    return false;
  }
#pragma omp parallel for schedule(dynamic) num_threads(threads) if (threads > 1)
  for (int64_t task = 0; task < tasks; ++task) {
    int64_t first = task % bands * kBandRows;
    int64_t last = first + kBandRows < map_height(p) ? first + kBandRows : map_height(p);
    sums.at<double>(0)[task] = forward_band<T>(p, task / bands, first, last, scratch.at<A>(omp_get_thread_num()));
  }
  for (int64_t b = 0; b < p.batch; ++b) {
    double sum = 0;
    for (int64_t i = b * p.channels * bands; i < (b + 1) * p.channels * bands; ++i) {
      sum += sums.at<double>(0)[i];
    }
    double points = static_cast<double>(p.channels * map_height(p) * map_width(p));
    static_cast<A*>(call.output)[b] = static_cast<A>(sum / points);
  }
  return true;
}

bool forward(const SsimForward& call) { DSVLM_CALL_FOR_TYPE(forward_of, call.problem.dtype, call) }

}  // namespace dsvlm::cpu::DSVLM_ISA
