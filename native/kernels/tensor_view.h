/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// What every kernel is told about its tensors. No LibTorch here: pointers, sizes, strides.
#pragma once

#include <cstdint>

namespace dsvlm {

// Number format of a kernel's tensors. bf16 and f16 are accumulated in float, the others in themselves; f16 is
// known on GPUs alone.
enum class DType { f32, f64, bf16, f16 };

// The upper half of an IEEE single. Arithmetic happens in float, see load() and store() in number.h.
struct BFloat16 {
  uint16_t bits;
};

// IEEE half precision.
struct Float16 {
  uint16_t bits;
};

// A tensor of four dimensions; strides count elements, not bytes.
struct Strided4 {
  const void* data = nullptr;
  int64_t stride[4] = {0, 0, 0, 0};
};

}  // namespace dsvlm
