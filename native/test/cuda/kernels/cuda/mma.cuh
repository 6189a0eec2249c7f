/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Stands in for native/kernels/cuda/mma.cuh: what the instructions do, from their description in the PTX manual.
#pragma once

#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <cmath>
#include <cstdint>
#include <cstring>

#include "kernels/number.h"

namespace dsvlm::cuda {

inline Float16 half_of(float value) { return {__half_as_ushort(__float2half_rn(value))}; }
inline BFloat16 bfloat_of(float value) {
  BFloat16 rounded;
  store(&rounded, value);
  return rounded;
}

inline void require_multiple(const void* pointer, unsigned bytes) {
  if (reinterpret_cast<uintptr_t>(pointer) % bytes != 0) {
    emulator::fail("an address is not aligned");
  }
}

inline uint16_t element_of(const void* row, unsigned column) {
  uint16_t element;
  memcpy(&element, static_cast<const char*>(row) + 2 * column, sizeof element);
  return element;
}

inline unsigned joined(uint16_t low, uint16_t high) { return low | static_cast<unsigned>(high) << 16; }

inline void load_matrices(unsigned (&to)[4], const void* row) {
  require_multiple(row, 16);
  const auto rows = emulator::exchange(row);
  const unsigned g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
  for (unsigned matrix = 0; matrix < 4; ++matrix) {
    const void* from = rows[8 * matrix + g];
    to[matrix] = joined(element_of(from, 2 * t), element_of(from, 2 * t + 1));
  }
}

inline void load_matrices_transposed(unsigned (&to)[4], const void* row) {
  require_multiple(row, 16);
  const auto rows = emulator::exchange(row);
  const unsigned g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
  for (unsigned matrix = 0; matrix < 4; ++matrix) {
    to[matrix] = joined(element_of(rows[8 * matrix + 2 * t], g), element_of(rows[8 * matrix + 2 * t + 1], g));
  }
}

// What a lane brings to a product.
struct Operands {
  unsigned a[4], b[2];
};

template <typename T>
float half_of_register(unsigned pair, unsigned which) {
  const uint16_t bits = static_cast<uint16_t>(which == 0 ? pair : pair >> 16);
  if constexpr (std::is_same_v<T, BFloat16>) {
    return load(BFloat16{bits});
  } else {
    return __half2float(__ushort_as_half(bits));
  }
}

template <typename T>
void multiply(float (&c)[4], const Operands& mine, unsigned depth) {
  const auto all = emulator::exchange(mine);
  const unsigned g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
  for (unsigned i = 0; i < 4; ++i) {
    const unsigned row = g + i / 2 * 8, column = 2 * t + i % 2;
    double sum = c[i];
    for (unsigned k = 0; k < depth; ++k) {
      const unsigned left = all[row % 8 * 4 + k % 8 / 2].a[row / 8 + k / 8 * 2];
      const unsigned right = all[column * 4 + k % 8 / 2].b[k / 8];
      sum += static_cast<double>(half_of_register<T>(left, k % 2)) * half_of_register<T>(right, k % 2);
    }
    c[i] = static_cast<float>(sum);
  }
}

template <typename T>
void multiply_16x8x16(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
  multiply<T>(c, {{a[0], a[1], a[2], a[3]}, {b0, b1}}, 16);
}

template <typename T>
void multiply_16x8x8(float (&c)[4], const unsigned (&a)[4], unsigned b0) {
  multiply<T>(c, {{a[0], a[1], 0, 0}, {b0, 0}}, 8);
}

template <typename T>
unsigned pack(float low, float high) {
  if constexpr (std::is_same_v<T, BFloat16>) {
    return joined(bfloat_of(low).bits, bfloat_of(high).bits);
  } else {
    return joined(half_of(low).bits, half_of(high).bits);
  }
}

inline float exp2_fast(float x) { return std::exp2(x); }

inline void copy_16_bytes(void* shared, const void* global, bool wanted) {
  require_multiple(shared, 16);
  require_multiple(global, 16);
  emulator::begin_copy(shared, wanted ? global : nullptr, 16);
}

inline void copy_4_bytes(void* shared, const void* global) {
  require_multiple(shared, 4);
  require_multiple(global, 4);
  emulator::begin_copy(shared, global, 4);
}

inline void wait_for_copies() { emulator::finish_copies(); }

}  // namespace dsvlm::cuda
