/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Neighbouring elements in one load or store.
#pragma once

#include <type_traits>

#include "kernels/cuda/mma.cuh"
#include "kernels/cuda/number.cuh"

namespace dsvlm::cuda {

// Its address is a multiple of its size. 16-bit numbers lie two in a register.
template <typename T, int COUNT>
struct alignas(sizeof(T) * COUNT) Vector {
  static constexpr bool kPairs = sizeof(T) == 2 && COUNT % 2 == 0;
  std::conditional_t<kPairs, uint32_t, T> words[kPairs ? COUNT / 2 : COUNT];

  __device__ Accumulator<T> get(int i) const {
    if constexpr (kPairs) {
      return load(T{static_cast<uint16_t>(words[i / 2] >> (i % 2 * 16))});
    } else {
      return load(words[i]);
    }
  }

  // The compiler takes the pairs for new ones: it does not keep what it has made of them, a register for each number.
  __device__ void forget_numbers() {
    if constexpr (kPairs) {
#pragma unroll
      for (uint32_t& word : words) {
        asm volatile("" : "+r"(word));
      }
    }
  }
};

// Elements of the longest load, 16 bytes.
template <typename T>
constexpr int kVectorElements = 16 / static_cast<int>(sizeof(T));

template <int COUNT, typename T>
__host__ __device__ bool is_aligned(const T* address) {
  return reinterpret_cast<uintptr_t>(address) % (sizeof(T) * COUNT) == 0;
}

template <int COUNT, typename T>
__device__ Vector<T, COUNT> load_vector(const T* from) {
  return *reinterpret_cast<const Vector<T, COUNT>*>(from);
}

// Rounds to nearest, 16-bit numbers two at a time.
template <typename T, int COUNT>
__device__ void store_vector(T* to, const Accumulator<T> (&values)[COUNT]) {
  Vector<T, COUNT> vector;
  if constexpr (Vector<T, COUNT>::kPairs) {
#pragma unroll
    for (int i = 0; i < COUNT; i += 2) {
      vector.words[i / 2] = pack<T>(values[i], values[i + 1]);
    }
  } else {
#pragma unroll
    for (int i = 0; i < COUNT; ++i) {
      store(vector.words + i, values[i]);
    }
  }
  *reinterpret_cast<Vector<T, COUNT>*>(to) = vector;
}

}  // namespace dsvlm::cuda
