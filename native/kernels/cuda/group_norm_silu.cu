/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// See kernels/group_norm_silu.h. A block takes a group of one sample; in the backward a warp takes a channel at a
// time for the sums. The first pass over the group reads memory, the others mostly the caches.
#include "kernels/cuda/launchers.h"
#include "kernels/cuda/reduce.cuh"

namespace dsvlm::cuda {
namespace {

constexpr int kWarps = kThreads / 32;

// Over all threads of the block, for each of them.
__device__ double sum_for_all(double value) {
  __shared__ double of_warp[kWarps];
  value = warp_sum(value);
  __syncthreads();  // the sums before are no longer read
  if (threadIdx.x % 32 == 0) {
    of_warp[threadIdx.x / 32] = value;
  }
  __syncthreads();
  double sum = 0;
#pragma unroll
  for (int i = 0; i < kWarps; ++i) {
    sum += of_warp[i];
  }
  return sum;
}

__device__ inline float sigmoid(float y) { return 1.0f / (1.0f + expf(-y)); }
__device__ inline double sigmoid(double y) { return 1 / (1 + exp(-y)); }

// The block's group.
template <typename T>
struct NormalisedGroup {
  using A = Accumulator<T>;

  int64_t positions, channels, first_channel, offset;
  const T *input, *weights, *biases;
  A mean, inverse_deviation;

  __device__ explicit NormalisedGroup(const GroupNormSiluProblem& p)
      : positions(p.positions),
        channels(p.channels / p.groups),
        first_channel(blockIdx.x % p.groups * channels),
        offset(blockIdx.x * channels * p.positions),
        input(static_cast<const T*>(p.input) + offset),
        weights(static_cast<const T*>(p.weight) + first_channel),
        biases(static_cast<const T*>(p.bias) + first_channel) {}

  __device__ int64_t elements() const { return channels * positions; }

  __device__ A centred(int64_t i) const { return load(input[i]) - mean; }

  __device__ A normalised(A x, int64_t channel) const {
    return x * (load(weights[channel]) * inverse_deviation) + load(biases[channel]);
  }

  __device__ A slope(A y, A upstream) const {
    const A s = sigmoid(y);
    return upstream * s * (1 + y * (1 - s));
  }
};

template <typename T>
__global__ void __launch_bounds__(kThreads) normalise(const __grid_constant__ GroupNormSiluForward call) {
  using A = Accumulator<T>;
  NormalisedGroup<T> group(call.problem);
  const int64_t count = group.elements();
  A sum = 0, squares = 0;
  for (int64_t i = threadIdx.x; i < count; i += kThreads) {
    sum += load(group.input[i]);
  }
  group.mean = static_cast<A>(sum_for_all(static_cast<double>(sum)) / static_cast<double>(count));
  for (int64_t i = threadIdx.x; i < count; i += kThreads) {
    const A x = group.centred(i);
    squares += x * x;
  }
  const double variance = sum_for_all(static_cast<double>(squares)) / static_cast<double>(count);
  group.inverse_deviation = static_cast<A>(1 / sqrt(variance + call.eps));
  T* output = static_cast<T*>(call.output) + group.offset;
  for (int64_t i = threadIdx.x; i < count; i += kThreads) {
    const A y = group.normalised(group.centred(i), i / group.positions);
    store(output + i, y * sigmoid(y));
  }
  if (threadIdx.x == 0) {
    static_cast<A*>(call.mean)[blockIdx.x] = group.mean;
    static_cast<A*>(call.inverse_deviation)[blockIdx.x] = group.inverse_deviation;
  }
}

// slopes, products: [batch, channels], the sums of dy and dy u over the positions.
template <typename T>
__global__ void __launch_bounds__(kThreads)
    differentiate(const __grid_constant__ GroupNormSiluBackward call, double* slopes, double* products) {
  using A = Accumulator<T>;
  NormalisedGroup<T> group(call.problem);
  group.mean = static_cast<const A*>(call.mean)[blockIdx.x];
  group.inverse_deviation = static_cast<const A*>(call.inverse_deviation)[blockIdx.x];
  const T* upstream = static_cast<const T*>(call.grad_output) + group.offset;
  const int64_t row = blockIdx.x * group.channels;
  double all_slopes = 0, all_products = 0;
  for (int64_t c = threadIdx.x / 32; c < group.channels; c += kWarps) {
    A slope_sum = 0, product_sum = 0;
    for (int64_t i = threadIdx.x % 32; i < group.positions; i += 32) {
      const A x = group.centred(c * group.positions + i);
      const A dy = group.slope(group.normalised(x, c), load(upstream[c * group.positions + i]));
      slope_sum += dy;
      product_sum += dy * (x * group.inverse_deviation);
    }
    const double slope = warp_sum(static_cast<double>(slope_sum));
    const double product = warp_sum(static_cast<double>(product_sum));
    if (threadIdx.x % 32 == 0) {
      slopes[row + c] = slope;
      products[row + c] = product;
      const double weight = static_cast<double>(load(group.weights[c]));
      all_slopes += weight * slope;
      all_products += weight * product;
    }
  }
  if (call.grad_input == nullptr) {
    return;
  }
  const double inverse = static_cast<double>(group.inverse_deviation), count = static_cast<double>(group.elements());
  const A at = static_cast<A>(-sum_for_all(all_slopes) / count * inverse);
  const A near = static_cast<A>(-sum_for_all(all_products) / count * inverse * inverse);
  T* gradient = static_cast<T*>(call.grad_input) + group.offset;
  for (int64_t i = threadIdx.x; i < group.elements(); i += kThreads) {
    const int64_t c = i / group.positions;
    const A x = group.centred(i);
    const A dy = group.slope(group.normalised(x, c), load(upstream[i]));
    store(gradient + i, dy * (load(group.weights[c]) * group.inverse_deviation) + x * near + at);
  }
}

}  // namespace

void group_norm_silu_forward(const GroupNormSiluForward& call, cudaStream_t stream) {
  const GroupNormSiluProblem& p = call.problem;
  with_type(
      p.dtype, [&](auto type) { launch(normalise<decltype(type)>, p.batch * p.groups, kThreads, 0, stream, call); });
}

int64_t group_norm_silu_backward_workspace(const GroupNormSiluBackward& call) {
  return 2 * call.problem.batch * call.problem.channels * static_cast<int64_t>(sizeof(double));
}

void group_norm_silu_backward(const GroupNormSiluBackward& call, void* workspace, cudaStream_t stream) {
  const GroupNormSiluProblem& p = call.problem;
  double* slopes = static_cast<double*>(workspace);
  double* products = slopes + p.batch * p.channels;
  with_type(p.dtype, [&](auto type) {
    using T = decltype(type);
    launch(differentiate<T>, p.batch * p.groups, kThreads, 0, stream, call, slopes, products);
    const auto sum_batch = [&](const double* sums, void* to) {
      if (to != nullptr) {
        launch(
            add_parts<T, double>, p.channels, kThreads, 0, stream, static_cast<T*>(to),
            Parts{sums, p.batch, 1, p.channels, 1.0});
      }
    };
    sum_batch(products, call.grad_weight);
    sum_batch(slopes, call.grad_bias);
  });
}

}  // namespace dsvlm::cuda
