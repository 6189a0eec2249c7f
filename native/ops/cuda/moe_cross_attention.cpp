/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include <c10/util/Exception.h>
#include <torch/library.h>

#include "kernels/cuda/launchers.h"
#include "ops/cuda/launch.h"
#include "ops/moe_cross_attention_internal.h"

namespace dsvlm {
namespace {

void check_head_dim(const at::Tensor& query) {
  TORCH_CHECK(
      query.size(3) <= cuda::kMostHeadDim, "dsvlm::moe_cross_attention: head_dim on CUDA is at most ",
      cuda::kMostHeadDim, ", but is ", query.size(3));
}

void launch_forward(const MoeForward& call) {
  launch_on_current_stream([&](cudaStream_t stream) { cuda::moe_cross_attention_forward(call, stream); });
}

void launch_backward(const MoeBackward& call) {
  const Workspace workspace(cuda::moe_cross_attention_backward_workspace(call));
  launch_on_current_stream(
      [&](cudaStream_t stream) { cuda::moe_cross_attention_backward(call, workspace.data(), stream); });
}

MoeForwardResult forward_cuda(
    const at::Tensor& query, at::TensorList keys, at::TensorList values, const at::Tensor& router, double scale) {
  check_head_dim(query);
  const c10::cuda::CUDAGuard guard(query.device());
  return moe_forward_with(launch_forward, query, keys, values, router, scale);
}

MoeBackwardResult backward_cuda(
    const at::Tensor& grad, const at::Tensor& query, at::TensorList keys, at::TensorList values,
    const at::Tensor& router, const at::Tensor& logsumexp, double scale) {
  check_head_dim(query);
  const c10::cuda::CUDAGuard guard(query.device());
  return moe_backward_with(launch_backward, grad, query, keys, values, router, logsumexp, scale);
}

}  // namespace

TORCH_LIBRARY_IMPL(dsvlm, CUDA, library) {
  library.impl("_moe_cross_attention_forward", forward_cuda);
  library.impl("_moe_cross_attention_backward", backward_cuda);
}

}  // namespace dsvlm
