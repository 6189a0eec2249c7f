/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include <torch/library.h>

#include "kernels/cuda/launchers.h"
#include "ops/cuda/launch.h"
#include "ops/group_norm_silu_internal.h"

namespace dsvlm {
namespace {

void launch_forward(const GroupNormSiluForward& call) {
  const Workspace workspace(cuda::group_norm_silu_forward_workspace(call));
  launch_on_current_stream([&](cudaStream_t stream) { cuda::group_norm_silu_forward(call, workspace.data(), stream); });
}

void launch_backward(const GroupNormSiluBackward& call) {
  const Workspace workspace(cuda::group_norm_silu_backward_workspace(call));
  launch_on_current_stream(
      [&](cudaStream_t stream) { cuda::group_norm_silu_backward(call, workspace.data(), stream); });
}

GroupNormSiluForwardResult forward_cuda(
    const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias, int64_t groups, double eps) {
  const c10::cuda::CUDAGuard guard(input.device());
  return group_norm_silu_forward_with(launch_forward, input, weight, bias, groups, eps);
}

GroupNormSiluBackwardResult backward_cuda(
    const at::Tensor& grad, const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
    const at::Tensor& mean, const at::Tensor& inverse_deviation, std::array<bool, 3> wanted) {
  const c10::cuda::CUDAGuard guard(input.device());
  return group_norm_silu_backward_with(launch_backward, grad, input, weight, bias, mean, inverse_deviation, wanted);
}

}  // namespace

TORCH_LIBRARY_IMPL(dsvlm, CUDA, library) {
  library.impl("_group_norm_silu_forward", forward_cuda);
  library.impl("_group_norm_silu_backward", backward_cuda);
}

}  // namespace dsvlm
