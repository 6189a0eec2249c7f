/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Rows of a weight times a few vectors: the weight goes by once, from memory, whatever the number of vectors.
// A product's terms are added in one order, whichever rows and vectors are computed beside it, so that the result
// for a vector is the same bit for bit alone and among others. Compiled once per instruction set, see simd.h.
#pragma once

#include "kernels/cpu/simd.h"

namespace dsvlm::cpu::DSVLM_ISA {

inline Vector<float> load_wide(const float* from) { return load_vector(from); }
inline Vector<double> load_wide(const double* from) { return load_vector(from); }
inline Vector<float> load_wide(const BFloat16* from) {
  typedef uint16_t Halves __attribute__((vector_size(kVectorBytes / 2), aligned(2), may_alias));
  typedef uint32_t Words __attribute__((vector_size(kVectorBytes)));
  const Words bits = __builtin_convertvector(*reinterpret_cast<const Halves*>(from), Words) << 16;
  Vector<float> result;
  memcpy(&result, &bits, sizeof result);
  return result;
}

template <typename A, int BYTES>
struct LanesOf {
  typedef A type __attribute__((vector_size(BYTES)));
};

// The sum of all lanes, by halves: few additions wait for one another.
template <typename A, int BYTES = kVectorBytes>
inline A sum_by_halves(typename LanesOf<A, BYTES>::type v) {
  if constexpr (BYTES == 16) {
    A sum = v[0] + v[1];
    for (int i = 2; i < static_cast<int>(16 / sizeof(A)); ++i) {
      sum += v[i];
    }
    return sum;
  } else {
    typename LanesOf<A, BYTES / 2>::type halves[2];
    memcpy(halves, &v, BYTES);
    return sum_by_halves<A, BYTES / 2>(halves[0] + halves[1]);
  }
}

// Vectors that a row is multiplied with while it is in registers, and rows that share what is read of vectors
// too long for the first-level cache.
constexpr int kVectorsTogether = 4;
constexpr int kRowsTogether = 4;
constexpr int64_t kFirstLevelBytes = 32 * 1024;
// Sums that a product is added up in: a part of the order of additions, so the same for all.
constexpr int kSums = 2;

// What the sums leave over, added one by one. One function for all, since a compiler may round a multiplication
// here and not there.
template <typename T>
__attribute__((noinline)) Accumulator<T> add_rest(
    Accumulator<T> sum, const T* weight, const Accumulator<T>* vector, int64_t from, int64_t to) {
  for (int64_t j = from; j < to; ++j) {
    sum += load(weight[j]) * vector[j];
  }
  return sum;
}

// out[v * out_stride + r] = row r of weight . vector v. `ahead` is how far ahead of the products memory is asked
// for, in elements; the processor itself would begin anew with every page.
template <typename T, int ROWS, int VECTORS>
inline void dots(
    const T* weight, int64_t columns, int64_t ahead, const Accumulator<T>* vectors, int64_t vector_stride,
    Accumulator<T>* out, int64_t out_stride) {
  using A = Accumulator<T>;
  constexpr int kStep = kLanes<A>;
  // One request for each 64 bytes.
  constexpr int kEvery = 64 / (kStep * static_cast<int>(sizeof(T)));
  Vector<A> sums[ROWS][VECTORS][kSums] = {};
  int64_t i = 0;
  for (; i + kSums * kStep <= columns; i += kSums * kStep) {
#pragma GCC unroll 4
    for (int u = 0; u < kSums; ++u) {
      Vector<A> x[VECTORS];
#pragma GCC unroll 4
      for (int v = 0; v < VECTORS; ++v) {
        x[v] = load_vector(vectors + v * vector_stride + i + u * kStep);
      }
#pragma GCC unroll 4
      for (int r = 0; r < ROWS; ++r) {
        const T* at = weight + r * columns + i + u * kStep;
        if (u % kEvery == 0) {
          __builtin_prefetch(at + ahead);
        }
        const Vector<A> w = load_wide(at);
#pragma GCC unroll 4
        for (int v = 0; v < VECTORS; ++v) {
          sums[r][v][u] += w * x[v];
        }
      }
    }
  }
  for (int r = 0; r < ROWS; ++r) {
    for (int v = 0; v < VECTORS; ++v) {
      Vector<A> all = sums[r][v][0];
      for (int u = 1; u < kSums; ++u) {
        all += sums[r][v][u];
      }
      out[v * out_stride + r] =
          add_rest<T>(sum_by_halves<A>(all), weight + r * columns, vectors + v * vector_stride, i, columns);
    }
  }
}

template <typename T, int ROWS>
inline void dots_of_all(
    const T* weight, int64_t columns, int64_t ahead, const Accumulator<T>* vectors, int64_t vector_stride,
    int64_t count, Accumulator<T>* out, int64_t out_stride) {
  // No more sums than registers hold.
  constexpr int kRows = ROWS < 2 ? ROWS : 2;
  int64_t v = 0;
  for (; v + kVectorsTogether <= count; v += kVectorsTogether) {
    for (int r = 0; r < ROWS; r += kRows) {
      dots<T, kRows, kVectorsTogether>(
          weight + r * columns, columns, ahead, vectors + v * vector_stride, vector_stride, out + v * out_stride + r,
          out_stride);
    }
  }
  for (; v < count; ++v) {
    dots<T, ROWS, 1>(
        weight, columns, ahead, vectors + v * vector_stride, vector_stride, out + v * out_stride, out_stride);
  }
}

// out[v * out_stride + r] = row r of weight . vector v, for `rows` rows and `count` vectors.
template <typename T>
void row_products(
    const T* weight, int64_t rows, int64_t columns, const Accumulator<T>* vectors, int64_t vector_stride, int64_t count,
    Accumulator<T>* out, int64_t out_stride) {
  const int64_t together = count < kVectorsTogether ? 1 : kVectorsTogether;
  const bool fit = together * columns * static_cast<int64_t>(sizeof(Accumulator<T>)) <= kFirstLevelBytes;
  int64_t r = 0;
  for (; !fit && r + kRowsTogether <= rows; r += kRowsTogether) {
    dots_of_all<T, kRowsTogether>(
        weight + r * columns, columns, kRowsTogether * columns, vectors, vector_stride, count, out + r, out_stride);
  }
  // One vector alone takes two rows at a time: enough sums for none to wait for its last addition.
  for (; count < kVectorsTogether && r + 2 <= rows; r += 2) {
    dots_of_all<T, 2>(
        weight + r * columns, columns, 4096 / sizeof(T), vectors, vector_stride, count, out + r, out_stride);
  }
  for (; r < rows; ++r) {
    dots_of_all<T, 1>(
        weight + r * columns, columns, 4096 / sizeof(T), vectors, vector_stride, count, out + r, out_stride);
  }
}

}  // namespace dsvlm::cpu::DSVLM_ISA
