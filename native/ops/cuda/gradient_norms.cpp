/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/gradient_norms_internal.h"

#include <torch/library.h>

#include "kernels/cuda/launchers.h"
#include "ops/cuda/launch.h"

namespace dsvlm {
namespace {

void launch(const NormsForward& call) {
  const Workspace workspace(cuda::gradient_norms_workspace(call));
  launch_on_current_stream([&](cudaStream_t stream) { cuda::gradient_norms(call, workspace.data(), stream); });
}

at::Tensor norms_cuda(const OptionalTensors& gradients) {
  c10::cuda::OptionalCUDAGuard guard;
  for (const std::optional<at::Tensor>& gradient : gradients) {
    if (gradient.has_value() && gradient->defined()) {
      guard.set_device(gradient->device());
    }
  }
  return gradient_norms_with(launch, gradients);
}

}  // namespace

TORCH_LIBRARY_IMPL(dsvlm, CUDA, library) { library.impl("_gradient_norms", norms_cuda); }

}  // namespace dsvlm
