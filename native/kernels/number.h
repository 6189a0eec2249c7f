/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Stored types, the types that they are computed in, and the way from one to the other. A file keeps its own
// copy of these functions: the linker must not take one that was compiled for another instruction set.
#pragma once

#include <string.h>

#include "kernels/tensor_view.h"

#ifdef __CUDACC__
#define DSVLM_NUMBER_FUNCTION __host__ __device__ inline
#else
#define DSVLM_NUMBER_FUNCTION static inline
#endif

namespace dsvlm {

template <typename T>
struct AccumulatorOf {
  using type = float;
};
template <>
struct AccumulatorOf<double> {
  using type = double;
};
template <typename T>
using Accumulator = typename AccumulatorOf<T>::type;

DSVLM_NUMBER_FUNCTION float load(float value) { return value; }
DSVLM_NUMBER_FUNCTION double load(double value) { return value; }
DSVLM_NUMBER_FUNCTION float load(BFloat16 value) {
  uint32_t bits = static_cast<uint32_t>(value.bits) << 16;
  float result;
  memcpy(&result, &bits, sizeof result);
  return result;
}

DSVLM_NUMBER_FUNCTION void store(float* to, float value) { *to = value; }
DSVLM_NUMBER_FUNCTION void store(double* to, double value) { *to = value; }
// Rounds to nearest, ties to even; NaN stays NaN.
DSVLM_NUMBER_FUNCTION void store(BFloat16* to, float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  to->bits = static_cast<uint16_t>(value == value ? rounded : 0x7fc0);
}

}  // namespace dsvlm
