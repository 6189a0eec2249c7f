/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Stands in for native/kernels/cuda/launch.cuh.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace dsvlm::cuda {

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

template <typename A>
A* shared_memory() {
  return static_cast<A*>(emulator::shared_memory());
}

constexpr int kLeastSharedBytes = 99 * 1024;
inline bool has_shared_memory(int bytes) { return static_cast<size_t>(bytes) <= emulator::most_shared_bytes; }

template <typename... Parameters, typename... Arguments>
void launch(
    void (*kernel)(Parameters...), int64_t blocks, int threads, int shared_bytes, cudaStream_t,
    const Arguments&... arguments) {
  emulator::note_launch(
      reinterpret_cast<const void*>(kernel), static_cast<unsigned>(threads), static_cast<size_t>(shared_bytes));
  emulator::run(static_cast<unsigned>(blocks), static_cast<unsigned>(threads), static_cast<size_t>(shared_bytes), [&] {
    kernel(arguments...);
  });
}

}  // namespace dsvlm::cuda
