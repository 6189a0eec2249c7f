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

SsimForwardResult forward_cuda(
    const at::Tensor& x, const at::Tensor& y, bool same, double data_range, at::ArrayRef<double> terms,
    std::array<bool, 2> wanted) {
  const c10::cuda::CUDAGuard guard(x.device());
  return ssim_forward_with(launch_forward, x, y, same, data_range, terms, wanted);
}

}  // namespace

TORCH_LIBRARY_IMPL(dsvlm, CUDA, library) { library.impl("_ssim_forward", forward_cuda); }

}  // namespace dsvlm
