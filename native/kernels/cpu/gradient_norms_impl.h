/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// See kernels/gradient_norms.h. Compiled once per instruction set, see simd.h.
#pragma once

#include <omp.h>

#include "kernels/cpu/chunks.h"
#include "kernels/gradient_norms.h"

namespace dsvlm::cpu::DSVLM_ISA {

template <typename T>
double sum_of_squares(const void* data, int64_t first, int64_t count) {
  constexpr int kSums = 32;  // several vectors, for additions that do not wait for one another
  const T* values = static_cast<const T*>(data) + first;
  double sums[kSums] = {};
  int64_t i = 0;
  for (; i + kSums <= count; i += kSums) {
#pragma omp simd
    for (int j = 0; j < kSums; ++j) {
      const double value = static_cast<double>(load(values[i + j]));
      sums[j] += value * value;
    }
  }
  double total = 0;
  for (; i < count; ++i) {
    const double value = static_cast<double>(load(values[i]));
    total += value * value;
  }
  for (const double sum : sums) {
    total += sum;
  }
  return total;
}

inline double sum_of_squares(const NormTensor& tensor, int64_t first, int64_t count) {
  DSVLM_CALL_FOR_TYPE(sum_of_squares, tensor.dtype, tensor.data, first, count)
}

bool forward(const NormsForward& call) {
  const Chunks<NormTensor> chunks(call.tensors, call.count);
  if (chunks.failed()) {
    return false;
  }
  const Scratch parts(1, chunks.size() * static_cast<int64_t>(sizeof(double)));
  if (parts.failed()) {
    return false;
  }
  double* squares = parts.at<double>(0);
#pragma omp parallel for schedule(dynamic) if (chunks.size() > 1)
  for (int64_t chunk = 0; chunk < chunks.size(); ++chunk) {
    const int64_t tensor = chunks.tensor_of(chunk);
    squares[chunk] =
        sum_of_squares(call.tensors[tensor], chunks.first_element(tensor, chunk), chunks.elements(tensor, chunk));
  }
  for (int64_t tensor = 0; tensor < call.count; ++tensor) {
    double sum = 0;
    for (int64_t chunk = chunks.begin_of(tensor); chunk < chunks.begin_of(tensor + 1); ++chunk) {
      sum += squares[chunk];
    }
    call.norms[tensor] = root_of(sum);
  }
  return true;
}

}  // namespace dsvlm::cpu::DSVLM_ISA
