/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/linear_cross_entropy_internal.h"

#include <torch/library.h>

#include "kernels/cuda/launchers.h"
#include "ops/cuda/launch.h"

namespace dsvlm {
namespace {

// Logits in memory at a time, 128 MiB in bfloat16: enough rows for efficient products, and few sums into the weights'
// gradient, each of which goes through all of it.
constexpr int64_t kChunkLogits = int64_t{1} << 26;

// All of a vocabulary at a time: a GPU wants large products.
constexpr int64_t kBlockClasses = int64_t{1} << 18;

// The gradient takes the place of the logits.
RowsLoss rows_loss(at::Tensor logits, const at::Tensor& labels, double scale, bool gradient) {
  logits = logits.contiguous();
  const at::Tensor targets = labels.contiguous();
  const at::Tensor losses = at::empty({logits.size(0)}, logits.options().dtype(accumulator_of(logits)));
  launch_on_current_stream([&](cudaStream_t stream) {
    cuda::cross_entropy_rows(
        {dtype_of(logits), logits.size(0), logits.size(1), logits.mutable_data_ptr(), targets.const_data_ptr<int64_t>(),
         scale, gradient, losses.mutable_data_ptr()},
        stream);
  });
  return {losses.sum(), logits};
}

LinearCrossEntropyResult forward_cuda(
    const at::Tensor& hidden_states, const at::Tensor& weight, const at::Tensor& labels, int64_t chunk_rows,
    std::array<bool, 2> wanted) {
  const c10::cuda::CUDAGuard guard(hidden_states.device());
  return linear_cross_entropy_forward_with(
      rows_loss, kChunkLogits, kBlockClasses, hidden_states, weight, labels, chunk_rows, wanted);
}

}  // namespace

TORCH_LIBRARY_IMPL(dsvlm, CUDA, library) { library.impl("_linear_cross_entropy_forward", forward_cuda); }

}  // namespace dsvlm
