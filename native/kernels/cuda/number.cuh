/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Stored types, the types that they are computed in, and what launches have in common.
#pragma once

#include <cuda_runtime.h>

#include "kernels/tensor_view.h"

namespace dsvlm::cuda {

template <typename T>
struct AccumulatorOf {
  using type = T;
};
template <>
struct AccumulatorOf<BFloat16> {
  using type = float;
};
template <typename T>
using Accumulator = typename AccumulatorOf<T>::type;

__device__ inline float load(float value) { return value; }
__device__ inline double load(double value) { return value; }
__device__ inline float load(BFloat16 value) { return __uint_as_float(static_cast<unsigned>(value.bits) << 16); }

__device__ inline void store(float* to, float value) { *to = value; }
__device__ inline void store(double* to, double value) { *to = value; }
// Rounds to nearest, ties to even; NaN stays NaN.
__device__ inline void store(BFloat16* to, float value) {
  const unsigned bits = __float_as_uint(value);
  const unsigned rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  to->bits = static_cast<uint16_t>(value == value ? rounded : 0x7fc0);
}

// Calls launch with a value of the stored type.
template <typename Launch>
void with_type(DType dtype, Launch launch) {
  switch (dtype) {
    case DType::f32:
      return launch(float());
    case DType::f64:
      return launch(double());
    case DType::bf16:
      return launch(BFloat16());
  }
}

// A kernel gets more than 48 KiB of shared memory only when asked.
template <typename Kernel>
void allow_shared_memory(Kernel kernel, int bytes) {
  cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
}

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace dsvlm::cuda
