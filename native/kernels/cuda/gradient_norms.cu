/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// See kernels/gradient_norms.h. A block adds 16,384 neighbouring elements of one tensor; then one block a tensor adds
// the parts.
#include "kernels/cuda/batch.cuh"
#include "kernels/cuda/launchers.h"
#include "kernels/cuda/reduce.cuh"
#include "kernels/cuda/vector.cuh"

namespace dsvlm::cuda {
namespace {

template <int COUNT, typename T>
__device__ double sum_of_squares(const Vector<T, COUNT>& vector) {
  double sum = 0;
#pragma unroll
  for (int i = 0; i < COUNT; ++i) {
    const double value = static_cast<double>(vector.get(i));
    sum += value * value;
  }
  return sum;
}

template <typename T>
__device__ double sum_of_squares(const void* data, int64_t first, int64_t elements) {
  constexpr int kLong = kVectorElements<T>;
  constexpr int kAhead = 4;  // vectors that are loaded before one is used
  const T* values = static_cast<const T*>(data) + first;
  const int count = static_cast<int>(elements);
  double sum = 0;
  int done = 0;
  if (is_aligned<kLong>(values)) {
    const int vectors = count / kLong;
    for (int begin = threadIdx.x; begin < vectors; begin += kAhead * kThreads) {
      Vector<T, kLong> loaded[kAhead];
#pragma unroll
      for (int i = 0; i < kAhead; ++i) {
        if (begin + i * kThreads < vectors) {
          loaded[i] = load_vector<kLong>(values + (begin + i * kThreads) * kLong);
        }
      }
#pragma unroll
      for (int i = 0; i < kAhead; ++i) {
        if (begin + i * kThreads < vectors) {
          sum += sum_of_squares(loaded[i]);
        }
      }
    }
    done = vectors * kLong;
  }
  for (int i = done + static_cast<int>(threadIdx.x); i < count; i += kThreads) {
    sum += sum_of_squares(load_vector<1>(values + i));
  }
  return sum;
}

__global__ void __launch_bounds__(kThreads)
    add_squares(const __grid_constant__ Batch<NormTensor> batch, double* parts) {
  const int index = batch.tensor_of(blockIdx.x);
  const NormTensor& tensor = batch.tensors[index];
  const int64_t first = batch.first_element(index, blockIdx.x), count = batch.elements(index, blockIdx.x);
  const double sum = tensor.dtype == DType::f64    ? sum_of_squares<double>(tensor.data, first, count)
                     : tensor.dtype == DType::bf16 ? sum_of_squares<BFloat16>(tensor.data, first, count)
                     : tensor.dtype == DType::f16  ? sum_of_squares<Float16>(tensor.data, first, count)
                                                   : sum_of_squares<float>(tensor.data, first, count);
  const double total = block_sum(sum);
  if (threadIdx.x == 0) {
    parts[blockIdx.x] = total;
  }
}

__global__ void __launch_bounds__(kThreads)
    take_roots(const __grid_constant__ Batch<NormTensor> batch, const double* parts, double* norms) {
  double sum = 0;
  for (int64_t i = batch.first_block[blockIdx.x] + threadIdx.x; i < batch.first_block[blockIdx.x + 1]; i += kThreads) {
    sum += parts[i];
  }
  const double total = block_sum(sum);
  if (threadIdx.x == 0) {
    norms[blockIdx.x] = sqrt(total);
  }
}

}  // namespace

int64_t gradient_norms_workspace(const NormsForward& call) {
  int64_t blocks = 0;
  for (int64_t i = 0; i < call.count; ++i) {
    blocks += ceil_div(call.tensors[i].size, kBlockElements);
  }
  return blocks * static_cast<int64_t>(sizeof(double));
}

void gradient_norms(const NormsForward& call, void* workspace, cudaStream_t stream) {
  double* parts = static_cast<double*>(workspace);
  in_batches(call.tensors, call.count, [&](const Batch<NormTensor>& batch, int64_t first, int64_t blocks) {
    if (blocks > 0) {
      launch(add_squares, blocks, kThreads, 0, stream, batch, parts);
    }
    launch(take_roots, batch.count, kThreads, 0, stream, batch, parts, call.norms + first);
    parts += blocks;
  });
}

}  // namespace dsvlm::cuda
