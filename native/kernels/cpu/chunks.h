/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Many tensors of many sizes as one row of chunks, so that threads share them evenly. Included by *_impl.h; see
// simd.h.
#pragma once

#include "kernels/cpu/simd.h"

namespace dsvlm::cpu::DSVLM_ISA {

constexpr int64_t kChunkElements = 16384;

// Chunks of tensors[0 .. count), each of which has a `size`.
template <typename Tensor>
class Chunks {
 public:
  Chunks(const Tensor* tensors, int64_t count)
      : tensors_(tensors), count_(count), first_(1, (count + 1) * static_cast<int64_t>(sizeof(int64_t))) {
    if (failed()) {
      return;
    }
    int64_t* first = first_.template at<int64_t>(0);
    first[0] = 0;
    for (int64_t i = 0; i < count; ++i) {
      first[i + 1] = first[i] + (tensors[i].size + kChunkElements - 1) / kChunkElements;
    }
  }

  bool failed() const { return first_.failed(); }
  int64_t size() const { return begin_of(count_); }
  // The first chunk of a tensor.
  int64_t begin_of(int64_t tensor) const { return first_.template at<int64_t>(0)[tensor]; }

  // Which tensor a chunk belongs to.
  int64_t tensor_of(int64_t chunk) const {
    int64_t low = 0, high = count_;
    while (high - low > 1) {
      const int64_t middle = (low + high) / 2;
      (begin_of(middle) <= chunk ? low : high) = middle;
    }
    return low;
  }

  // The chunk's elements of its tensor.
  int64_t first_element(int64_t tensor, int64_t chunk) const { return (chunk - begin_of(tensor)) * kChunkElements; }
  int64_t elements(int64_t tensor, int64_t chunk) const {
    const int64_t rest = tensors_[tensor].size - first_element(tensor, chunk);
    return rest < kChunkElements ? rest : kChunkElements;
  }

 private:
  const Tensor* tensors_;
  int64_t count_;
  Scratch first_;
};

}  // namespace dsvlm::cpu::DSVLM_ISA
