/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// The instructions of sm_80 and later that C++ has no words for, one function each: products of small matrices
// on tensor cores, loads of their operands from shared memory, copies that do not wait.
//
// A warp holds a matrix together. With lane = 4 g + t, the accumulator of 16 x 8 floats has in lane's c[0], c[1]
// the elements (g, 2t), (g, 2t + 1) and in c[2], c[3] those of row g + 8. Operands are two 16-bit numbers a
// register: the left one, 16 x 16, has (g, 2t ..) in a[0], (g + 8, 2t ..) in a[1], and eight columns further
// right a[2] and a[3]; the right one, 16 x 8, has (2t .., g) in b0 and (2t + 8 .., g) in b1.
#pragma once

#include <cuda_runtime.h>

#include <type_traits>

#include "kernels/tensor_view.h"

namespace dsvlm::cuda {

__device__ inline unsigned address_in_shared(const void* pointer) {
  return static_cast<unsigned>(__cvta_generic_to_shared(pointer));
}

// Four 8 x 8 matrices of 16-bit numbers; lanes 8 i .. 8 i + 7 point to the rows of matrix i, 16 bytes each. Of
// each matrix a lane gets (g, 2t) and (g, 2t + 1).
__device__ inline void load_matrices(unsigned (&to)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(address_in_shared(row))
               : "memory");
}

// The same, but a lane gets (2t, g) and (2t + 1, g).
__device__ inline void load_matrices_transposed(unsigned (&to)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(address_in_shared(row))
               : "memory");
}

// c += a b
template <typename T>
__device__ void multiply_16x8x16(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
  if constexpr (std::is_same_v<T, BFloat16>) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  } else {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  }
}

// c += a b for the first eight columns of a and the first eight rows of b.
template <typename T>
__device__ void multiply_16x8x8(float (&c)[4], const unsigned (&a)[4], unsigned b0) {
  if constexpr (std::is_same_v<T, BFloat16>) {
    asm volatile(
        "mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 "
        "{%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(b0));
  } else {
    asm volatile(
        "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 "
        "{%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(b0));
  }
}

// Both rounded to nearest; low is the one that comes first in memory.
template <typename T>
__device__ unsigned pack(float low, float high) {
  unsigned packed;
  if constexpr (std::is_same_v<T, BFloat16>) {
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(packed) : "f"(high), "f"(low));
  } else {
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(packed) : "f"(high), "f"(low));
  }
  return packed;
}

// 2^x, to about two units in the last place.
__device__ inline float exp2_fast(float x) {
  float result;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}

// 16 bytes, both addresses multiples of 16; zeros if not wanted, and nothing is read then.
__device__ inline void copy_16_bytes(void* shared, const void* global, bool wanted) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
               :
               : "r"(address_in_shared(shared)), "l"(__cvta_generic_to_global(global)), "r"(wanted ? 16 : 0)
               : "memory");
}

// 4 bytes, both addresses multiples of 4.
__device__ inline void copy_4_bytes(void* shared, const void* global) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4;"
               :
               : "r"(address_in_shared(shared)), "l"(__cvta_generic_to_global(global))
               : "memory");
}

// The copies that this thread has begun are there; a barrier makes them everyone's.
__device__ inline void wait_for_copies() { asm volatile("cp.async.wait_all;" ::: "memory"); }

}  // namespace dsvlm::cuda
