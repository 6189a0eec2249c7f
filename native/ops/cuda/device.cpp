/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// What a device can do, of what decides whether the kernels run on it. It is asked for by name, since nothing links
// against this library.
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <torch/library.h>

#include <vector>

#include "kernels/cuda/launchers.h"

namespace dsvlm {
namespace {

int64_t attribute(cudaDeviceAttr of, int index) {
  int value = 0;
  C10_CUDA_CHECK(cudaDeviceGetAttribute(&value, of, index));
  return value;
}

// Compute capability, bytes of shared memory that a block can have, whether code is here, and the longest heads of the
// attention in float64.
std::vector<int64_t> device(int64_t index) {
  const int device = static_cast<int>(index);
  const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(device));
  return {
      attribute(cudaDevAttrComputeCapabilityMajor, device), attribute(cudaDevAttrComputeCapabilityMinor, device),
      attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin, device), cuda::has_code() ? 1 : 0,
      cuda::most_double_head_dim()};
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(dsvlm, library) { library.def("_cuda_device(int index) -> int[]", device); }

}  // namespace dsvlm
