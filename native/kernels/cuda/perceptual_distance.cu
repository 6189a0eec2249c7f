/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// See kernels/perceptual_distance.h. A block takes 32 neighbouring positions of one sample: a warp reads 32
// positions of a channel at once, the eight warps share the channels out. The first pass over the channels
// reads memory, the others mostly the caches.
#include "kernels/cuda/launchers.h"
#include "kernels/cuda/reduce.cuh"

namespace dsvlm::cuda {
namespace {

constexpr int kPositions = 32, kWarps = kThreads / kPositions;

__host__ __device__ inline int64_t blocks_per_sample(const PerceptualProblem& p) {
  return ceil_div(p.positions, kPositions);
}

// What one thread knows: its position in both maps, the warp's first channel, and after lengths() the
// position's lengths over all channels. Positions past the last count as zeros.
template <typename T>
struct Position {
  using A = Accumulator<T>;

  const T *features, *target;
  int64_t features_channel, target_channel, channels, batch, position;
  bool inside;
  A length_f, length_t, inverse_f, inverse_t;

  __device__ explicit Position(const PerceptualProblem& p)
      : features_channel(p.features.stride[1]),
        target_channel(p.target.stride[1]),
        channels(p.channels),
        batch(blockIdx.x / blocks_per_sample(p)),
        position(blockIdx.x % blocks_per_sample(p) * kPositions + threadIdx.x % kPositions),
        inside(position < p.positions) {
    features = static_cast<const T*>(p.features.data) + batch * p.features.stride[0] + position;
    target = static_cast<const T*>(p.target.data) + batch * p.target.stride[0] + position;
    A sum_f = 0, sum_t = 0;
    for (int64_t c = first_channel(); c < channels; c += kWarps) {
      const A f = feature(c), t = target_feature(c);
      sum_f += f * f;
      sum_t += t * t;
    }
    length_f = sqrt(over_channels(sum_f));
    length_t = sqrt(over_channels(sum_t));
    inverse_f = length_f > 0 ? 1 / (length_f + static_cast<A>(kPerceptualEpsilon)) : 0;
    inverse_t = length_t > 0 ? 1 / (length_t + static_cast<A>(kPerceptualEpsilon)) : 0;
  }

  __device__ int64_t first_channel() const { return threadIdx.x / kPositions; }
  __device__ A feature(int64_t c) const { return inside ? load(features[c * features_channel]) : A(0); }
  __device__ A target_feature(int64_t c) const { return inside ? load(target[c * target_channel]) : A(0); }

  // The position's sum over the warps, for each of its threads.
  __device__ static A over_channels(A value) {
    __shared__ A of_warp[kWarps][kPositions];
    __syncthreads();  // the sums before are no longer read
    of_warp[threadIdx.x / kPositions][threadIdx.x % kPositions] = value;
    __syncthreads();
    A sum = 0;
#pragma unroll
    for (int i = 0; i < kWarps; ++i) {
      sum += of_warp[i][threadIdx.x % kPositions];
    }
    return sum;
  }
};

template <typename T>
__global__ void __launch_bounds__(kThreads) sum_distance(const __grid_constant__ PerceptualProblem p, double* parts) {
  using A = Accumulator<T>;
  const Position<T> at(p);
  const T* weights = static_cast<const T*>(p.weights);
  A sum = 0;
  for (int64_t c = at.first_channel(); c < p.channels; c += kWarps) {
    const A difference = at.feature(c) * at.inverse_f - at.target_feature(c) * at.inverse_t;
    sum += load(weights[c]) * difference * difference;
  }
  const double total = block_sum(static_cast<double>(sum));
  if (threadIdx.x == 0) {
    parts[blockIdx.x] = total;
  }
}

// With e = w (u - v) and the factor k = 2 upstream / positions:
//
//   df = k (e / (|f| + eps) - f (e . f) / ((|f| + eps)^2 |f|)), the same with -e for t, dw = k / 2 (u - v)^2
//
// weight_parts: [blocks, channels], or null.
template <typename T>
__global__ void __launch_bounds__(kThreads)
    differentiate_distance(const __grid_constant__ PerceptualBackward call, double* weight_parts) {
  using A = Accumulator<T>;
  const PerceptualProblem& p = call.problem;
  const Position<T> at(p);
  const T* weights = static_cast<const T*>(p.weights);
  const A factor = 2 * static_cast<const A*>(call.grad_output)[at.batch] / static_cast<A>(p.positions);
  A dot_f = 0, dot_t = 0;
  for (int64_t c = at.first_channel(); c < p.channels; c += kWarps) {
    const A f = at.feature(c), t = at.target_feature(c);
    const A difference = f * at.inverse_f - t * at.inverse_t;
    dot_f += load(weights[c]) * difference * f;
    dot_t += load(weights[c]) * difference * t;
    if (weight_parts != nullptr) {
      const A squares = warp_sum(difference * difference);
      if (threadIdx.x % kPositions == 0) {
        weight_parts[blockIdx.x * p.channels + c] = static_cast<double>(squares * factor / 2);
      }
    }
  }
  dot_f = at.over_channels(dot_f);
  dot_t = at.over_channels(dot_t);
  // A direction that does not exist has no gradient.
  dot_f = at.length_f > 0 ? dot_f * at.inverse_f * at.inverse_f / at.length_f : 0;
  dot_t = at.length_t > 0 ? dot_t * at.inverse_t * at.inverse_t / at.length_t : 0;
  if (!at.inside) {
    return;
  }
  T* grad_features = static_cast<T*>(call.grad_features);
  T* grad_target = static_cast<T*>(call.grad_target);
  for (int64_t c = at.first_channel(); c < p.channels; c += kWarps) {
    const A f = at.feature(c), t = at.target_feature(c);
    const A e = load(weights[c]) * (f * at.inverse_f - t * at.inverse_t);
    const int64_t offset = (at.batch * p.channels + c) * p.positions + at.position;
    if (grad_features != nullptr) {
      store(grad_features + offset, factor * (e * at.inverse_f - f * dot_f));
    }
    if (grad_target != nullptr) {
      store(grad_target + offset, factor * (t * dot_t - e * at.inverse_t));
    }
  }
}

}  // namespace

int64_t perceptual_distance_forward_workspace(const PerceptualForward& call) {
  return call.problem.batch * blocks_per_sample(call.problem) * static_cast<int64_t>(sizeof(double));
}

void perceptual_distance_forward(const PerceptualForward& call, void* workspace, cudaStream_t stream) {
  const PerceptualProblem& p = call.problem;
  const int64_t parts = blocks_per_sample(p);
  with_type(p.dtype, [&](auto type) {
    using T = decltype(type);
    using A = Accumulator<T>;
    launch(sum_distance<T>, p.batch * parts, kThreads, 0, stream, p, static_cast<double*>(workspace));
    launch(
        add_parts<A, double>, p.batch, kThreads, 0, stream, static_cast<A*>(call.output),
        Parts{workspace, parts, parts, 1, static_cast<double>(p.positions)});
  });
}

int64_t perceptual_distance_backward_workspace(const PerceptualBackward& call) {
  const PerceptualProblem& p = call.problem;
  return call.grad_weights == nullptr
             ? 0
             : p.batch * blocks_per_sample(p) * p.channels * static_cast<int64_t>(sizeof(double));
}

void perceptual_distance_backward(const PerceptualBackward& call, void* workspace, cudaStream_t stream) {
  const PerceptualProblem& p = call.problem;
  const int64_t blocks = p.batch * blocks_per_sample(p);
  double* weight_parts = call.grad_weights == nullptr ? nullptr : static_cast<double*>(workspace);
  with_type(p.dtype, [&](auto type) {
    using T = decltype(type);
    launch(differentiate_distance<T>, blocks, kThreads, 0, stream, call, weight_parts);
    if (weight_parts != nullptr) {
      launch(
          add_parts<T, double>, p.channels, kThreads, 0, stream, static_cast<T*>(call.grad_weights),
          Parts{weight_parts, blocks, 1, p.channels, 1.0});
    }
  });
}

}  // namespace dsvlm::cuda
