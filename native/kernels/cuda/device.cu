/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// What only the driver can say of this library and the current device.
#include <cuda_runtime.h>

#include "kernels/cuda/launchers.h"

namespace dsvlm::cuda {
namespace {

__global__ void nothing() {}

}  // namespace

bool has_code() {
  cudaFuncAttributes attributes;
  const bool has = cudaFuncGetAttributes(&attributes, nothing) == cudaSuccess;
  cudaGetLastError();  // a refusal is an answer, and must not be found by a later call
  return has;
}

}  // namespace dsvlm::cuda
