/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Sums in two stages, without atomics: every block leaves one part, then one block per result adds the
// parts. The order is fixed, so two runs agree to the last bit.
#pragma once

#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/number.cuh"

namespace dsvlm::cuda {

// Threads of every kernel here.
constexpr int kThreads = 256;
constexpr unsigned kWholeWarp = 0xffffffff;

template <typename A>
__device__ A warp_sum(A value) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) {
    value += __shfl_xor_sync(kWholeWarp, value, distance);
  }
  return value;
}

// Over all threads of the block; only thread 0 gets the sum. Once per kernel.
__device__ inline double block_sum(double value) {
  __shared__ double of_warp[kThreads / 32];
  value = warp_sum(value);
  if (threadIdx.x % 32 == 0) {
    of_warp[threadIdx.x / 32] = value;
  }
  __syncthreads();
  double sum = 0;
  if (threadIdx.x == 0) {
    for (int i = 0; i < kThreads / 32; ++i) {
      sum += of_warp[i];
    }
  }
  return sum;
}

// Result r is the sum over i < count of parts[r * result_stride + i * part_stride], divided by divisor, and constant.
struct Parts {
  const void* data;
  int64_t count, result_stride, part_stride;
  double divisor, constant = 0;
};

// Not shared between files: each has kernels of its own.
namespace {

template <typename Out, typename Part>
__global__ void __launch_bounds__(kThreads) add_parts(Out* to, Parts parts) {
  const Part* from = static_cast<const Part*>(parts.data) + blockIdx.x * parts.result_stride;
  double sum = 0;
  for (int64_t i = threadIdx.x; i < parts.count; i += kThreads) {
    sum += static_cast<double>(from[i * parts.part_stride]);
  }
  sum = block_sum(sum);
  if (threadIdx.x == 0) {
    store(to + blockIdx.x, static_cast<Accumulator<Out>>(sum / parts.divisor + parts.constant));
  }
}

}  // namespace

}  // namespace dsvlm::cuda
