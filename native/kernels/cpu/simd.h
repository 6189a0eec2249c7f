/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Vectors as wide as the instruction set of this compilation, and what lies between memory and them.
//
// This header and every *_impl.h are compiled several times with different options. So all they hold is
// in a namespace named after the instruction set (DSVLM_ISA), and they use no inline function or template
// of the standard library: the linker would keep one copy, perhaps one that the processor cannot run.
#pragma once

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/number.h"

// Returns what FUNCTION<T> does for the type of elements that DTYPE says.
#define DSVLM_CALL_FOR_TYPE(FUNCTION, DTYPE, ...) \
  switch (DTYPE) {                                \
    case DType::f32:                              \
      return FUNCTION<float>(__VA_ARGS__);        \
    case DType::f64:                              \
      return FUNCTION<double>(__VA_ARGS__);       \
    default:                                      \
      return FUNCTION<BFloat16>(__VA_ARGS__);     \
  }

#ifndef DSVLM_ISA
#error "define DSVLM_ISA: baseline, avx2 or avx512"
#endif

namespace dsvlm::cpu::DSVLM_ISA {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

// Vectors may lie at any multiple of the element's size.
template <typename A>
struct VectorOf;
template <>
struct VectorOf<float> {
  typedef float type __attribute__((vector_size(kVectorBytes), aligned(4), may_alias));
  typedef int32_t integers __attribute__((vector_size(kVectorBytes)));
};
template <>
struct VectorOf<double> {
  typedef double type __attribute__((vector_size(kVectorBytes), aligned(8), may_alias));
};
template <typename A>
using Vector = typename VectorOf<A>::type;

template <typename A>
constexpr int kLanes = kVectorBytes / sizeof(A);

template <typename A>
constexpr int64_t padded(int64_t size) {
  return (size + kLanes<A> - 1) / kLanes<A> * kLanes<A>;
}

template <typename A>
inline Vector<A> load_vector(const A* from) {
  return *reinterpret_cast<const Vector<A>*>(from);
}

template <typename A>
inline void store_vector(A* to, Vector<A> value) {
  *reinterpret_cast<Vector<A>*>(to) = value;
}

template <typename A>
inline A sum_of(Vector<A> v) {
  A sum = 0;
  for (int i = 0; i < kLanes<A>; ++i) {
    sum += v[i];
  }
  return sum;
}

// Square roots without errno, which vectors have none of (see -fno-math-errno).
inline float root_of(float value) { return __builtin_sqrtf(value); }
inline double root_of(double value) { return __builtin_sqrt(value); }

// 1.5 * 2^23: adding it leaves the nearest integer in the low bits; 127 more, and they are the exponent of a power
// of two.
constexpr float kExponentRound = 12582912.0f + 127.0f;

// 2^r for r in [-1/2, 1/2], by the polynomial with least relative error there. V: float or a vector of it.
template <typename V>
inline V exp2_near_zero(V r) {
  V p = V{} + 1.535336133e-4f;
  p = p * r + 1.339887452e-3f;
  p = p * r + 9.618437361e-3f;
  p = p * r + 5.550332471e-2f;
  p = p * r + 2.402264791e-1f;
  p = p * r + 6.931472029e-1f;
  return p * r + 1.0f;
}

// 2^x for x <= 0, to about one unit in the last place; not below 2^-126. A NaN stays one.
inline Vector<float> exp2_of(Vector<float> x) {
  using V = Vector<float>;
  x = x < -126.0f ? V{} - 126.0f : x;
  const V rounded = x + kExponentRound;
  const V p = exp2_near_zero(x - (rounded - kExponentRound));
  VectorOf<float>::integers bits;
  memcpy(&bits, &rounded, sizeof bits);
  bits <<= 23;
  V scale;
  memcpy(&scale, &bits, sizeof scale);
  return p * scale;
}

// 2^x for x from -126 to 126, for loops that the compiler makes vectors of. A NaN stays one.
inline float exp2_within(float x) {
  const float rounded = x + kExponentRound;
  const float p = exp2_near_zero(x - (rounded - kExponentRound));
  return p * __builtin_bit_cast(float, __builtin_bit_cast(uint32_t, rounded) << 23);
}

inline Vector<double> exp2_of(Vector<double> x) {
  Vector<double> result;
  for (int i = 0; i < kLanes<double>; ++i) {
    result[i] = ::exp2(x[i]);
  }
  return result;
}

// Aligned memory for COUNT threads or tasks, SIZE bytes each.
class Scratch {
 public:
  Scratch(int64_t count, int64_t size)
      : stride_((size + 63) / 64 * 64), memory_(aligned_alloc(64, static_cast<size_t>(count * stride_ + 64))) {}
  ~Scratch() { free(memory_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  bool failed() const { return memory_ == nullptr; }
  // The share of one thread or task.
  template <typename A>
  A* at(int64_t index) const {
    return reinterpret_cast<A*>(static_cast<char*>(memory_) + index * stride_);
  }

 private:
  int64_t stride_;
  void* memory_;
};

}  // namespace dsvlm::cpu::DSVLM_ISA
