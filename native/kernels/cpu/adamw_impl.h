/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// See kernels/adamw.h. Compiled once per instruction set, see simd.h.
#pragma once

#include <omp.h>

#include "kernels/adamw.h"
#include "kernels/cpu/chunks.h"

namespace dsvlm::cpu::DSVLM_ISA {

// P: type of parameter and moments; G: of the gradient.
template <typename P, typename G>
void adamw_range(const AdamWStep& step, const AdamWTensor& tensor, int64_t first, int64_t count) {
  using A = Accumulator<P>;
  P* __restrict parameter = static_cast<P*>(tensor.parameter) + first;
  const G* __restrict gradient = static_cast<const G*>(tensor.gradient) + first;
  P* __restrict average = static_cast<P*>(tensor.exp_avg) + first;
  P* __restrict square = static_cast<P*>(tensor.exp_avg_sq) + first;
  BFloat16* __restrict rounded = tensor.rounded == nullptr ? nullptr : static_cast<BFloat16*>(tensor.rounded) + first;
  const A scale = step.gradient_scale == nullptr ? A(1) : static_cast<A>(*step.gradient_scale);
  const A decay = static_cast<A>(step.decay), eps = static_cast<A>(step.eps);
  const A rest1 = static_cast<A>(1 - step.beta1);
  const A beta2 = static_cast<A>(step.beta2), rest2 = static_cast<A>(1 - step.beta2);
  const A step_size = static_cast<A>(tensor.step_size), correction = static_cast<A>(tensor.inverse_root_correction);
  const auto next = [&](int64_t i) {
    const A g = static_cast<A>(load(gradient[i])) * scale;
    A m = load(average[i]), v = load(square[i]);
    m += (g - m) * rest1;
    v = v * beta2 + g * g * rest2;
    store(average + i, m);
    store(square + i, v);
    const A p = load(parameter[i]) * decay - step_size * m / (root_of(v) * correction + eps);
    store(parameter + i, p);
    return p;
  };
  if (rounded == nullptr) {
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) {
      next(i);
    }
  } else {
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) {
      store(rounded + i, static_cast<float>(next(i)));
    }
  }
}

inline void adamw_chunk(const AdamWStep& step, const AdamWTensor& tensor, int64_t first, int64_t count) {
  switch (tensor.dtype) {
    case DType::f64:
      return adamw_range<double, double>(step, tensor, first, count);
    case DType::bf16:
      return adamw_range<BFloat16, BFloat16>(step, tensor, first, count);
    default:
      return tensor.gradient_dtype == DType::bf16 ? adamw_range<float, BFloat16>(step, tensor, first, count)
                                                  : adamw_range<float, float>(step, tensor, first, count);
  }
}

bool update(const AdamWStep& step) {
  const Chunks<AdamWTensor> chunks(step.tensors, step.count);
  if (chunks.failed()) {
    return false;
  }
#pragma omp parallel for schedule(dynamic) if (chunks.size() > 1)
  for (int64_t chunk = 0; chunk < chunks.size(); ++chunk) {
    const int64_t tensor = chunks.tensor_of(chunk);
    adamw_chunk(step, step.tensors[tensor], chunks.first_element(tensor, chunk), chunks.elements(tensor, chunk));
  }
  return true;
}

}  // namespace dsvlm::cpu::DSVLM_ISA
