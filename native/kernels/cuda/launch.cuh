/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// What every launch needs. This header and mma.cuh are the two that the emulation in native/test replaces.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace dsvlm::cuda {

__host__ __device__ inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// The block's dynamic shared memory.
template <typename A>
__device__ A* shared_memory() {
  extern __shared__ __align__(16) unsigned char memory[];
  return reinterpret_cast<A*>(memory);
}

// What a block of any device can have that has machine code here; of some, such as sm_86, 89 and 120, not more. Every
// kernel has a tile that fits, but those of moe_cross_attention in float64 for a head_dim above 160.
constexpr int kLeastSharedBytes = 99 * 1024;

// Whether a block of the current device can have so much: 99 KiB at least, 163 on sm_80, 227 on sm_90 and 100.
inline bool has_shared_memory(int bytes) {
  int device = 0, most = 0;
  return cudaGetDevice(&device) == cudaSuccess &&
         cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, device) == cudaSuccess && bytes <= most;
}

// Puts the kernel into the stream. More than 48 KiB of shared memory is to be had only when asked for; where it is not
// to be had, nothing is launched, and cudaGetLastError says so.
template <typename... Parameters, typename... Arguments>
void launch(
    void (*kernel)(Parameters...), int64_t blocks, int threads, int shared_bytes, cudaStream_t stream,
    const Arguments&... arguments) {
  if (shared_bytes > 48 * 1024 &&
      cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes) != cudaSuccess) {
    return;
  }
  kernel<<<static_cast<unsigned>(blocks), threads, shared_bytes, stream>>>(arguments...);
}

}  // namespace dsvlm::cuda
