/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// See kernels/cross_entropy.h. A block takes a row: once for maximum and sum together, the maximum so far being taken
// out of the sum whenever it grows, and once, then mostly from the cache, for the gradient in the logits' place.
#include <limits>

#include "kernels/cuda/launchers.h"
#include "kernels/cuda/reduce.cuh"
#include "kernels/cuda/vector.cuh"

namespace dsvlm::cuda {
namespace {

constexpr int kWarps = kThreads / 32;

__device__ inline float exponential(float x) { return expf(x); }
__device__ inline double exponential(double x) { return exp(x); }

// The sum of exp(x - maximum) over the numbers x that were added.
template <typename A>
struct ExponentialSum {
  A maximum = std::numeric_limits<A>::lowest(), sum = 0;

  __device__ void raise(A to) {
    if (to > maximum) {
      sum *= exponential(maximum - to);
      maximum = to;
    }
  }
  __device__ void add(A x) { sum += exponential(x - maximum); }
  __device__ void add(ExponentialSum other) {
    raise(other.maximum);
    sum += other.sum * exponential(other.maximum - maximum);
  }
};

// Over all threads of the block, for each of them.
template <typename A>
__device__ ExponentialSum<A> add_all(ExponentialSum<A> own) {
  __shared__ ExponentialSum<A> of_warp[kWarps];
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) {
    ExponentialSum<A> other;
    other.maximum = __shfl_xor_sync(kWholeWarp, own.maximum, distance);
    other.sum = __shfl_xor_sync(kWholeWarp, own.sum, distance);
    own.add(other);
  }
  if (threadIdx.x % 32 == 0) {
    of_warp[threadIdx.x / 32] = own;
  }
  __syncthreads();
  ExponentialSum<A> all;
  for (int i = 0; i < kWarps; ++i) {
    all.add(of_warp[i]);
  }
  return all;
}

template <typename T, int kCount>
__global__ void __launch_bounds__(kThreads) take_rows(const __grid_constant__ CrossEntropyRows call) {
  using A = Accumulator<T>;
  T* logits = static_cast<T*>(call.logits) + blockIdx.x * call.classes;
  const int64_t count = call.classes / kCount;
  ExponentialSum<A> own;
  for (int64_t i = threadIdx.x; i < count; i += kThreads) {
    const auto numbers = load_vector<kCount>(logits + i * kCount);
    A largest = numbers.get(0);
#pragma unroll
    for (int j = 1; j < kCount; ++j) {
      const A x = numbers.get(j);
      largest = x > largest ? x : largest;
    }
    own.raise(largest);
#pragma unroll
    for (int j = 0; j < kCount; ++j) {
      own.add(numbers.get(j));
    }
  }
  const int64_t label = call.labels[blockIdx.x];
  const bool known = label >= 0 && label < call.classes;
  const A of_label = known ? load(logits[label]) : std::numeric_limits<A>::quiet_NaN();
  const ExponentialSum<A> all = add_all(own);  // after it the label's logit may be overwritten
  if (threadIdx.x == 0) {
    const double loss = static_cast<double>(all.maximum) + log(static_cast<double>(all.sum)) - of_label;
    static_cast<A*>(call.losses)[blockIdx.x] = static_cast<A>(loss);
  }
  if (!call.gradients) {
    return;
  }
  const A inverse = 1 / all.sum, scale = static_cast<A>(call.scale);
  for (int64_t i = threadIdx.x; i < count; i += kThreads) {
    const auto numbers = load_vector<kCount>(logits + i * kCount);
    A gradients[kCount];
#pragma unroll
    for (int j = 0; j < kCount; ++j) {
      const A p = exponential(numbers.get(j) - all.maximum) * inverse;
      gradients[j] = (i * kCount + j == label ? p - 1 : p) * scale;
    }
    store_vector(logits + i * kCount, gradients);
  }
}

}  // namespace

void cross_entropy_rows(const CrossEntropyRows& call, cudaStream_t stream) {
  with_type(call.dtype, [&](auto type) {
    using T = decltype(type);
    constexpr int kLong = kVectorElements<T>;
    const bool in_vectors = call.classes % kLong == 0 && is_aligned<kLong>(static_cast<const T*>(call.logits));
    launch(in_vectors ? take_rows<T, kLong> : take_rows<T, 1>, call.rows, kThreads, 0, stream, call);
  });
}

}  // namespace dsvlm::cuda
