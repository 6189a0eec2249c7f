/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// From LibTorch to kernels/cuda/launchers.h. The headers of ATen/cuda want cuSPARSE and cuBLAS; those of c10 do
// not, and hold all that is needed.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

namespace dsvlm {

// Scratch memory on the current device. The allocator gives it to no other stream before the kernels of the
// current one are through with it, so it may be dropped as soon as they are launched.
class Workspace {
 public:
  explicit Workspace(int64_t bytes)
      : memory_(at::empty({bytes}, at::TensorOptions().device(at::kCUDA).dtype(at::kByte))) {}

  void* data() const { return memory_.mutable_data_ptr(); }

 private:
  at::Tensor memory_;
};

// Launches on the current device's current stream; a launch that fails becomes an exception.
template <typename Launch>
void launch_on_current_stream(Launch launch) {
  launch(c10::cuda::getCurrentCUDAStream().stream());
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}

}  // namespace dsvlm
