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

// With the query's device as the current one.
void check_head_dim(const at::Tensor& query) {
  TORCH_CHECK(
      query.size(3) <= cuda::kMostHeadDim, "dsvlm::moe_cross_attention: head_dim on CUDA is at most ",
      cuda::kMostHeadDim, ", but is ", query.size(3));
  TORCH_CHECK(
      query.scalar_type() != at::kDouble || query.size(3) <= cuda::most_double_head_dim(),
      "dsvlm::moe_cross_attention: in float64 and on this GPU, which has little shared memory, head_dim is at most ",
      cuda::most_double_head_dim(), ", but is ", query.size(3));
}

void launch_forward(const MoeForward& call) {
  const Workspace workspace(cuda::moe_cross_attention_forward_workspace(call));
  launch_on_current_stream(
      [&](cudaStream_t stream) { cuda::moe_cross_attention_forward(call, workspace.data(), stream); });
}

void launch_backward(const MoeBackward& call) {
  const Workspace workspace(cuda::moe_cross_attention_backward_workspace(call));
  launch_on_current_stream(
      [&](cudaStream_t stream) { cuda::moe_cross_attention_backward(call, workspace.data(), stream); });
}

MoeForwardResult forward_cuda(
    const at::Tensor& query, at::TensorList keys, at::TensorList values, const at::Tensor& router, double scale,
    bool keep) {
  const c10::cuda::CUDAGuard guard(query.device());
  check_head_dim(query);
  return moe_forward_with(launch_forward, query, keys, values, router, scale, keep);
}

MoeBackwardResult backward_cuda(
    const at::Tensor& grad, const at::Tensor& query, at::TensorList keys, at::TensorList values,
    const at::Tensor& router, const at::Tensor& logsumexp, const at::Tensor& context_outputs, double scale) {
  const c10::cuda::CUDAGuard guard(query.device());
  check_head_dim(query);
  TORCH_CHECK(
      !keeps_context_outputs(dtype_of(query)) || context_outputs.size(1) == static_cast<int64_t>(keys.size()),
      "dsvlm::_moe_cross_attention_backward: in 16-bit types it needs the context_outputs of a forward that keeps "
      "them");
  return moe_backward_with(launch_backward, grad, query, keys, values, router, logsumexp, context_outputs, scale);
}

}  // namespace

TORCH_LIBRARY_IMPL(dsvlm, CUDA, library) {
  library.impl("_moe_cross_attention_forward", forward_cuda);
  library.impl("_moe_cross_attention_backward", backward_cuda);
}

}  // namespace dsvlm
