/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// See kernels/adamw.h. A block takes 16,384 neighbouring elements of one tensor.
#include "kernels/cuda/batch.cuh"
#include "kernels/cuda/launchers.h"
#include "kernels/cuda/reduce.cuh"

namespace dsvlm::cuda {
namespace {

// Numbers of a step that all its tensors share.
struct Settings {
  double decay, beta1, beta2, eps;
  const double* gradient_scale;
};

// P: type of parameter and moments; G: of the gradient.
template <typename P, typename G>
__device__ void update_range(const Settings& settings, const AdamWTensor& tensor, int64_t first, int64_t count) {
  using A = Accumulator<P>;
  P* parameter = static_cast<P*>(tensor.parameter) + first;
  const G* gradient = static_cast<const G*>(tensor.gradient) + first;
  P* average = static_cast<P*>(tensor.exp_avg) + first;
  P* square = static_cast<P*>(tensor.exp_avg_sq) + first;
  BFloat16* rounded = tensor.rounded == nullptr ? nullptr : static_cast<BFloat16*>(tensor.rounded) + first;
  const A scale = settings.gradient_scale == nullptr ? A(1) : static_cast<A>(*settings.gradient_scale);
  const A decay = static_cast<A>(settings.decay), eps = static_cast<A>(settings.eps);
  const A rest1 = static_cast<A>(1 - settings.beta1);
  const A beta2 = static_cast<A>(settings.beta2), rest2 = static_cast<A>(1 - settings.beta2);
  const A step_size = static_cast<A>(tensor.step_size), correction = static_cast<A>(tensor.inverse_root_correction);
  for (int64_t i = threadIdx.x; i < count; i += kThreads) {
    const A g = static_cast<A>(load(gradient[i])) * scale;
    A m = load(average[i]), v = load(square[i]);
    m += (g - m) * rest1;
    v = v * beta2 + g * g * rest2;
    store(average + i, m);
    store(square + i, v);
    const A p = load(parameter[i]) * decay - step_size * m / (sqrt(v) * correction + eps);
    store(parameter + i, p);
    if (rounded != nullptr) {
      store(rounded + i, static_cast<float>(p));
    }
  }
}

__global__ void __launch_bounds__(kThreads)
    update(const __grid_constant__ Batch<AdamWTensor> batch, const __grid_constant__ Settings settings) {
  const int index = batch.tensor_of(blockIdx.x);
  const AdamWTensor& tensor = batch.tensors[index];
  const int64_t first = batch.first_element(index, blockIdx.x), count = batch.elements(index, blockIdx.x);
  if (tensor.dtype == DType::f64) {
    update_range<double, double>(settings, tensor, first, count);
  } else if (tensor.dtype == DType::bf16) {
    update_range<BFloat16, BFloat16>(settings, tensor, first, count);
  } else if (tensor.dtype == DType::f16) {
    update_range<Float16, Float16>(settings, tensor, first, count);
  } else if (tensor.gradient_dtype == DType::bf16) {
    update_range<float, BFloat16>(settings, tensor, first, count);
  } else {
    update_range<float, float>(settings, tensor, first, count);
  }
}

}  // namespace

void adamw_update(const AdamWStep& step, cudaStream_t stream) {
  const Settings settings{step.decay, step.beta1, step.beta2, step.eps, step.gradient_scale};
  in_batches(step.tensors, step.count, [&](const Batch<AdamWTensor>& batch, int64_t, int64_t blocks) {
    launch(update, blocks, kThreads, 0, stream, batch, settings);
  });
}

}  // namespace dsvlm::cuda
