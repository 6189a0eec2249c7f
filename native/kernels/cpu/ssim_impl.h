/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// See kernels/ssim.h. Compiled once per instruction set, see simd.h.
//
// With s = x + y, d = x - y, variances V and constants C = 2 c, the similarity at a point is
//
//   S = (E[s]^2 - E[d]^2 + C1) (V[s] - V[d] + C2) / ((E[s]^2 + E[d]^2 + C1) (V[s] + V[d] + C2))
//
// and the gradients of the pictures at a pixel are the sum and the difference of
//
//   window(dS/dE[s]) + 2 s window(dS/dE[s^2])      window(dS/dE[d]) + 2 d window(dS/dE[d^2])
//
// where window sums over the points that see the pixel. Value and gradients come from one pass: the rows of
// the moments stream into rows of derivatives, those into rows of gradients. The sign of d, the derivative of
// |d|, is added to these.
#pragma once

#include <omp.h>

#include "kernels/cpu/ssim_moments_impl.h"

namespace dsvlm::cpu::DSVLM_ISA {

// Fewest rows in a band: a band computes some of its neighbours' rows again.
constexpr int64_t kBandRows = 64;

// The similarity at one vector of points, and half its derivatives. Variances are never negative; where
// rounding makes one so, it counts as 0. Derivatives ignore that: in exact arithmetic there is nothing to
// correct.
template <typename A>
struct Similarity {
  using V = Vector<A>;
  V value, by_mean_s, by_mean_d, by_square_s, by_square_d;

  Similarity(const MomentsAt<A>& m, A c1, A c2) {
    const V zero = {};
    const V mean_ss = m.mean_s * m.mean_s, mean_dd = m.mean_d * m.mean_d;
    V variance_s = m.square_s - mean_ss, variance_d = m.square_d - mean_dd;
    variance_s = variance_s < zero ? zero : variance_s;
    variance_d = variance_d < zero ? zero : variance_d;
    const V a1 = mean_ss - mean_dd + c1, b1 = mean_ss + mean_dd + c1;
    const V a2 = variance_s - variance_d + c2, b2 = variance_s + variance_d + c2;
    const V inverse = 1 / (b1 * b2);
    const V by_a1 = a2 * inverse, by_a2 = a1 * inverse;
    value = a1 * by_a1;
    const V by_b1 = value * b2 * inverse, by_b2 = value * b1 * inverse;
    by_square_s = by_a2 - by_b2;
    by_square_d = -by_a2 - by_b2;
    by_mean_s = m.mean_s * (by_a1 - by_b1 - by_square_s);
    by_mean_d = m.mean_d * (-by_a1 - by_b1 - by_square_d);
    by_square_s *= static_cast<A>(0.5);
    by_square_d *= static_cast<A>(0.5);
  }
};

// Which gradients are wanted. One of them needs three maps of derivatives, both need four.
enum class Wanted { nothing, x, y, both };

// A band of rows of one plane.
template <typename T, Wanted WANTED>
class Band {
 public:
  using A = Accumulator<T>;
  using V = Vector<A>;
  static constexpr int kMaps = WANTED == Wanted::nothing ? 0 : WANTED == Wanted::both ? 4 : 3;

  // row_sums: of the similarity, one for each row of the plane's map; differences: of |x - y|, one for each row of
  // the plane, or null.
  Band(const SsimForward& call, int64_t plane, double* row_sums, double* differences, A* scratch)
      : call_(call),
        p_(call.problem),
        row_sums_(row_sums),
        differences_(differences),
        offset_(plane * p_.height * p_.width),
        margin_(2 * kSsimRadius - p_.padding),
        factor_(
            static_cast<A>(
                2 * p_.terms.similarity / static_cast<double>(p_.channels * map_height(p_) * map_width(p_)))),
        by_difference_(static_cast<A>(p_.terms.difference / static_cast<double>(p_.channels * p_.height * p_.width))),
        moments_(p_, plane, scratch),
        planes_(p_, plane),
        stride_(padded<A>(p_.width)),
        padded_(scratch + Moments<T>::elements(p_)),
        ring_(padded_ + kMaps * padded_stride(), kMaps, stride_),
        own_(padded_ + kMaps * padded_stride() + Ring<A>::elements(kMaps, stride_)) {
    memset(padded_, 0, sizeof(A) * kMaps * padded_stride());
    // What stands beside the pixels stays 0.
    memset(own_, 0, sizeof(A) * 2 * stride_);
  }

  static int64_t elements(const SsimProblem& p) {
    const int64_t stride = padded<A>(p.width);
    return Moments<T>::elements(p) + kMaps * (stride + padded<A>(kSsimWindow)) + Ring<A>::elements(kMaps, stride) +
           2 * stride;
  }

  // Value and gradients of the rows from first on, before last.
  void run(int64_t first, int64_t last) {
    const int64_t rows = map_height(p_);
    if (WANTED == Wanted::nothing) {
      moments_.start(first);
      for (int64_t row = first; row < last && row < rows; ++row) {
        moments_.next();
        row_sums_[row] = points(row);
      }
      for (int64_t row = first; differences_ != nullptr && row < last; ++row) {
        planes_.read(own_, own_ + stride_, row);
        differences_[row] = sum_of_differences();
      }
      return;
    }
    int64_t row = first - margin_;
    moments_.start(row > 0 ? row : 0);
    for (; row < last - margin_ + kSsimWindow - 1; ++row) {
      if (row < 0 || row >= rows) {
        ring_.clear(row);
      } else {
        moments_.next();
        const double sum = points(row);
        if (row >= first && row < last) {
          row_sums_[row] = sum;
        }
        filter(row);
      }
      const int64_t pixels = row + margin_ - (kSsimWindow - 1);
      if (pixels >= first) {
        gradients(pixels);
      }
    }
  }

 private:
  int64_t padded_stride() const { return stride_ + padded<A>(kSsimWindow); }

  // Sum of the similarity over a row of the map, whose derivatives go into padded_.
  double points(int64_t row) {
    const int64_t width = map_width(p_);
    const A c1 = static_cast<A>(2 * p_.c1), c2 = static_cast<A>(2 * p_.c2);
    V sum = {};
    for (int64_t j = 0; j < width; j += kLanes<A>) {
      Similarity<A> s(moments_.at(j), c1, c2);
      if (j + kLanes<A> > width) {
        keep(s, width - j);
      }
      sum += s.value;
      A* to = padded_ + margin_ + j;
      if (WANTED == Wanted::both) {
        put(to, s.by_mean_s);
        put(to + padded_stride(), s.by_mean_d);
      } else if (WANTED != Wanted::nothing) {
        put(to, WANTED == Wanted::x ? s.by_mean_s + s.by_mean_d : s.by_mean_s - s.by_mean_d);
      }
      if (WANTED != Wanted::nothing) {
        put(to + (kMaps - 2) * padded_stride(), s.by_square_s);
        put(to + (kMaps - 1) * padded_stride(), s.by_square_d);
      }
    }
    return sum_of<A>(sum);
  }

  // Zeros beyond the first `count` points.
  static void keep(Similarity<A>& s, int64_t count) {
    for (int64_t i = count; i < kLanes<A>; ++i) {
      s.value[i] = s.by_mean_s[i] = s.by_mean_d[i] = s.by_square_s[i] = s.by_square_d[i] = 0;
    }
  }

  void put(A* to, V derivative) const { store_vector(to, derivative * factor_); }

  void filter(int64_t row) {
    A* to = ring_.row(row);
    for (int map = 0; map < kMaps; ++map) {
      const A* from = padded_ + map * padded_stride();
      for (int64_t j = 0; j < stride_; j += kLanes<A>) {
        store_vector(to + map * stride_ + j, window_.across(from + j));
      }
    }
  }

  void gradients(int64_t row) {
    A *s = own_, *d = own_ + stride_;
    planes_.read(s, d, row);
    if (differences_ != nullptr) {
      differences_[row] = sum_of_differences();
    }
    const auto last = ring_.last(row - margin_);
    for (int64_t j = 0; j < p_.width; j += kLanes<A>) {
      V by_square_s = window_.down(last.rows, (kMaps - 2) * stride_ + j) * load_vector(s + j) * 2;
      const V difference = load_vector(d + j);
      V by_square_d = window_.down(last.rows, (kMaps - 1) * stride_ + j) * difference * 2;
      by_square_d += difference > V{} ? V{} + by_difference_ : difference < V{} ? V{} - by_difference_ : V{};
      V first = window_.down(last.rows, j);
      if (WANTED == Wanted::both) {
        V by_s = first + by_square_s, by_d = window_.down(last.rows, stride_ + j) + by_square_d;
        write(call_.grad_x, row, j, by_s + by_d);
        write(call_.grad_y, row, j, by_s - by_d);
      } else if (WANTED == Wanted::x) {
        write(call_.grad_x, row, j, first + by_square_s + by_square_d);
      } else {
        write(call_.grad_y, row, j, first + by_square_s - by_square_d);
      }
    }
  }

  // Of the row that is in own_.
  double sum_of_differences() const {
    V sum = {};
    for (int64_t j = 0; j < stride_; j += kLanes<A>) {
      const V d = load_vector(own_ + stride_ + j);
      sum += d < V{} ? -d : d;
    }
    return sum_of<A>(sum);
  }

  void write(void* gradient, int64_t row, int64_t j, V values) const {
    A* to = static_cast<A*>(gradient) + offset_ + row * p_.width + j;
    if (j + kLanes<A> <= p_.width) {
      store_vector(to, values);
    } else {
      for (int64_t i = 0; j + i < p_.width; ++i) {
        to[i] = values[i];
      }
    }
  }

  const SsimForward& call_;
  const SsimProblem& p_;
  double *row_sums_, *differences_;
  int64_t offset_;
  int64_t margin_;   // of the map's first column or row to the picture's, seen from the window's far end
  A factor_;         // of half the derivatives of the similarity
  A by_difference_;  // derivative of the value by |x - y| of a pixel
  Gaussian<A> window_;
  Moments<T> moments_;
  Planes<T> planes_;
  int64_t stride_;
  A* padded_;
  Ring<A> ring_;
  A* own_;
};

// Of the points of sample b: rows of them have these sums, each of `width` points.
inline double mean(const double* sums, int64_t b, int64_t rows, int64_t width) {
  double sum = 0;
  for (int64_t i = b * rows; i < (b + 1) * rows; ++i) {
    sum += sums[i];
  }
  return sum / static_cast<double>(rows * width);
}

template <typename T, Wanted WANTED>
bool forward_with(const SsimForward& call) {
  using A = Accumulator<T>;
  const SsimProblem& p = call.problem;
  const int64_t planes = p.batch * p.channels, rows = map_height(p);
  const int64_t most = omp_get_max_threads();
  // Whole planes, unless some threads would have nothing to do.
  int64_t bands = planes >= 4 * most ? 1 : (p.height + kBandRows - 1) / kBandRows;
  const int64_t band_rows = (p.height + bands - 1) / bands;
  bands = (p.height + band_rows - 1) / band_rows;
  const int64_t tasks = planes * bands;
  const int threads = static_cast<int>(tasks < most ? tasks : most);
  Scratch scratch(threads, Band<T, WANTED>::elements(p) * static_cast<int64_t>(sizeof(A)));
  const bool differs = p.terms.difference != 0;
  Scratch sums(1, planes * (rows + (differs ? p.height : 0)) * static_cast<int64_t>(sizeof(double)));
  if (scratch.failed() || sums.failed()) {
    return false;
  }
  double* row_sums = sums.at<double>(0);
  double* differences = differs ? row_sums + planes * rows : nullptr;
#pragma omp parallel for schedule(dynamic) num_threads(threads) if (threads > 1)
  for (int64_t task = 0; task < tasks; ++task) {
    const int64_t plane = task / bands, first = task % bands * band_rows;
    const int64_t last = first + band_rows < p.height ? first + band_rows : p.height;
    double* of_plane = differs ? differences + plane * p.height : nullptr;
    Band<T, WANTED>(call, plane, row_sums + plane * rows, of_plane, scratch.at<A>(omp_get_thread_num()))
        .run(first, last);
  }
  for (int64_t b = 0; b < p.batch; ++b) {
    double value = p.terms.constant + p.terms.similarity * mean(row_sums, b, p.channels * rows, map_width(p));
    if (differs) {
      value += p.terms.difference * mean(differences, b, p.channels * p.height, p.width);
    }
    static_cast<A*>(call.output)[b] = static_cast<A>(value);
  }
  return true;
}

template <typename T>
bool forward_of(const SsimForward& call) {
  if (call.grad_x != nullptr && call.grad_y != nullptr) {
    return forward_with<T, Wanted::both>(call);
  }
  if (call.grad_x != nullptr) {
    return forward_with<T, Wanted::x>(call);
  }
  return call.grad_y != nullptr ? forward_with<T, Wanted::y>(call) : forward_with<T, Wanted::nothing>(call);
}

bool forward(const SsimForward& call) { DSVLM_CALL_FOR_TYPE(forward_of, call.problem.dtype, call) }

}  // namespace dsvlm::cpu::DSVLM_ISA
