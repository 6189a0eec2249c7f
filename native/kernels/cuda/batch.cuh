/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Many tensors of many sizes in few launches: a launch takes a batch of them by value, so that nothing is copied to
// the device beforehand, and one row of blocks over all their elements.
#pragma once

#include "kernels/cuda/launch.cuh"
#include "kernels/cuda/number.cuh"

namespace dsvlm::cuda {

constexpr int64_t kBlockElements = 16384;

// With a few numbers more it has to fit into the 4 KiB of a kernel's arguments.
constexpr int kBatchTensors = 48;

template <typename Tensor>
struct Batch {
  Tensor tensors[kBatchTensors];
  int64_t first_block[kBatchTensors + 1];  // of each tensor, and the number of blocks
  int count;

  __device__ int tensor_of(int64_t block) const {
    int tensor = 0;
    while (first_block[tensor + 1] <= block) {
      ++tensor;
    }
    return tensor;
  }

  // The block's elements of its tensor.
  __device__ int64_t first_element(int tensor, int64_t block) const {
    return (block - first_block[tensor]) * kBlockElements;
  }
  __device__ int64_t elements(int tensor, int64_t block) const {
    const int64_t rest = tensors[tensor].size - first_element(tensor, block);
    return rest < kBlockElements ? rest : kBlockElements;
  }
};

// Calls launch(batch, index of its first tensor, its number of blocks) until all tensors are through.
template <typename Tensor, typename Launch>
void in_batches(const Tensor* tensors, int64_t count, Launch launch) {
  for (int64_t first = 0; first < count; first += kBatchTensors) {
    Batch<Tensor> batch{};
    batch.count = static_cast<int>(count - first < kBatchTensors ? count - first : kBatchTensors);
    for (int i = 0; i < batch.count; ++i) {
      batch.tensors[i] = tensors[first + i];
      batch.first_block[i + 1] = batch.first_block[i] + ceil_div(tensors[first + i].size, kBlockElements);
    }
    launch(batch, first, batch.first_block[batch.count]);
  }
}

}  // namespace dsvlm::cuda
