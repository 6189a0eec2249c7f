/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/adamw_internal.h"

#include <torch/library.h>

#include "kernels/cuda/launchers.h"
#include "ops/cuda/launch.h"

namespace dsvlm {
namespace {

void launch(const AdamWStep& step) {
  launch_on_current_stream([&](cudaStream_t stream) { cuda::adamw_update(step, stream); });
}

void adamw_cuda(
    at::TensorList parameters, const OptionalTensors& gradients, at::TensorList exp_avgs, at::TensorList exp_avg_sqs,
    at::TensorList rounded, const at::Tensor& steps, const std::optional<at::Tensor>& gradient_scale,
    double learning_rate, double beta1, double beta2, double eps, double weight_decay) {
  const c10::cuda::CUDAGuard guard(parameters[0].device());
  adamw_with(
      launch, parameters, gradients, exp_avgs, exp_avg_sqs, rounded, steps, gradient_scale,
      {learning_rate, beta1, beta2, eps, weight_decay});
}

}  // namespace

TORCH_LIBRARY_IMPL(dsvlm, CUDA, library) { library.impl("_adamw_", adamw_cuda); }

}  // namespace dsvlm
