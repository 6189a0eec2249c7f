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

// Puts the kernel into the stream. More than 48 KiB of shared memory is to be had only when asked for.
template <typename... Parameters, typename... Arguments>
void launch(
    void (*kernel)(Parameters...), int64_t blocks, int threads, int shared_bytes, cudaStream_t stream,
    const Arguments&... arguments) {
  if (shared_bytes > 48 * 1024) {
    cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes);
  }
  kernel<<<static_cast<unsigned>(blocks), threads, shared_bytes, stream>>>(arguments...);
}

}  // namespace dsvlm::cuda
