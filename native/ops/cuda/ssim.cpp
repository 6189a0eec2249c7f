/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include <torch/library.h>

#include "kernels/cuda/launchers.h"
#include "ops/cuda/launch.h"
#include "ops/ssim_internal.h"

namespace dsvlm {
namespace {

void launch_forward(const SsimForward& call) {
  const Workspace workspace(cuda::ssim_forward_workspace(call));
  launch_on_current_stream([&](cudaStream_t stream) { cuda::ssim_forward(call, workspace.data(), stream); });
}

void launch_backward(const SsimBackward& call) {
  launch_on_current_stream([&](cudaStream_t stream) { cuda::ssim_backward(call, stream); });
}

at::Tensor forward_cuda(const at::Tensor& x, const at::Tensor& y, bool same, double data_range) {
  const c10::cuda::CUDAGuard guard(x.device());
  return ssim_forward_with(launch_forward, x, y, same, data_range);
}

SsimBackwardResult backward_cuda(
    const at::Tensor& grad, const at::Tensor& x, const at::Tensor& y, bool same, double data_range,
    std::array<bool, 2> wanted) {
  const c10::cuda::CUDAGuard guard(x.device());
  return ssim_backward_with(launch_backward, grad, x, y, same, data_range, wanted);
}

}  // namespace

TORCH_LIBRARY_IMPL(dsvlm, CUDA, library) {
  library.impl("_ssim_forward", forward_cuda);
  library.impl("_ssim_backward", backward_cuda);
}

}  // namespace dsvlm
