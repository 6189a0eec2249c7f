/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include <torch/library.h>

#include "kernels/cuda/launchers.h"
#include "ops/cuda/launch.h"
#include "ops/perceptual_distance_internal.h"

namespace dsvlm {
namespace {

void launch_forward(const PerceptualForward& call) {
  const Workspace workspace(cuda::perceptual_distance_forward_workspace(call));
  launch_on_current_stream(
      [&](cudaStream_t stream) { cuda::perceptual_distance_forward(call, workspace.data(), stream); });
}

void launch_backward(const PerceptualBackward& call) {
  const Workspace workspace(cuda::perceptual_distance_backward_workspace(call));
  launch_on_current_stream(
      [&](cudaStream_t stream) { cuda::perceptual_distance_backward(call, workspace.data(), stream); });
}

at::Tensor forward_cuda(const at::Tensor& features, const at::Tensor& target, const at::Tensor& weights) {
  const c10::cuda::CUDAGuard guard(features.device());
  return perceptual_forward_with(launch_forward, features, target, weights);
}

PerceptualBackwardResult backward_cuda(
    const at::Tensor& grad, const at::Tensor& features, const at::Tensor& target, const at::Tensor& weights,
    std::array<bool, 3> wanted) {
  const c10::cuda::CUDAGuard guard(features.device());
  return perceptual_backward_with(launch_backward, grad, features, target, weights, wanted);
}

}  // namespace

TORCH_LIBRARY_IMPL(dsvlm, CUDA, library) {
  library.impl("_perceptual_distance_forward", forward_cuda);
  library.impl("_perceptual_distance_backward", backward_cuda);
}

}  // namespace dsvlm
