/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// CUDA's words for a C++ compiler; emulator.h runs what they describe.
#pragma once

#include <math.h>

#include "cuda_runtime_api.h"
#include "emulator.h"

#define __device__
#define __host__
#define __global__
#define __grid_constant__
#define __launch_bounds__(...)
#define __shared__ static  // blocks run one after the other

struct Index {
  unsigned x;
};
#define threadIdx (Index{emulator::thread()})
#define blockIdx (Index{emulator::block()})

inline float __fdividef(float a, float b) { return a / b; }

inline void __syncthreads() { emulator::block_barrier(); }
inline void __syncwarp() { emulator::warp_barrier(); }

template <typename A>
A __shfl_xor_sync(unsigned, A value, int distance) {
  return emulator::exchange(value)[emulator::thread() % 32 ^ static_cast<unsigned>(distance)];
}
