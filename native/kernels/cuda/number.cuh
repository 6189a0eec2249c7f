/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Half precision, and the way from a DType to a type.
#pragma once

#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "kernels/number.h"

namespace dsvlm {

__device__ inline float load(Float16 value) { return __half2float(__ushort_as_half(value.bits)); }
// Rounds to nearest, ties to even; what is too large becomes infinite.
__device__ inline void store(Float16* to, float value) { to->bits = __half_as_ushort(__float2half_rn(value)); }

namespace cuda {

// Calls call with a value of the stored type.
template <typename Call>
void with_type(DType dtype, Call call) {
  switch (dtype) {
    case DType::f32:
      return call(float());
    case DType::f64:
      return call(double());
    case DType::bf16:
      return call(BFloat16());
    case DType::f16:
      return call(Float16());
  }
}

}  // namespace cuda
}  // namespace dsvlm
