/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// How group_norm_silu.cu cuts groups, and what a block does with its part of one.
#pragma once

#include <type_traits>

#include "kernels/cuda/reduce.cuh"
#include "kernels/cuda/vector.cuh"
#include "kernels/group_norm_silu.h"

namespace dsvlm::cuda {

// Of every group.
struct Cut {
  int64_t parts, elements;  // of each part but the last, which may have fewer
  // Of the distance between a thread's vectors.
  int64_t step_channels, step_positions;
  double share;  // 1 / elements of a group
};

// Of [batch, channels] rows.
struct Rows {
  int64_t count, segments, elements;  // of each segment but the last
};

// Mean of some elements, and the sum of the squares of their distances from it.
struct Moments {
  double mean, squares;
};

// The same with the elements' sum.
struct Sums {
  double sum, squares;
};

// Over all threads of the block, for each of them.
template <int THREADS>
__device__ double sum_for_all(double value) {
  constexpr int kWarps = THREADS / 32;
  __shared__ double of_warp[kWarps];
  value = warp_sum(value);
  __syncthreads();  // the sums before are no longer read
  if (threadIdx.x % 32 == 0) {
    of_warp[threadIdx.x / 32] = value;
  }
  __syncthreads();
  const int lane = threadIdx.x % 32;
  return warp_sum(lane < kWarps ? of_warp[lane] : 0.0);
}

// 1 / (1 + exp(-y)); what is rounded to 16 bits afterwards takes a shorter way.
template <typename T>
__device__ Accumulator<T> sigmoid(Accumulator<T> y) {
  if constexpr (std::is_same_v<T, double>) {
    return 1 / (1 + exp(-y));
  } else if constexpr (std::is_same_v<T, float>) {
    return __fdividef(1.0f, 1.0f + expf(-y));
  } else {
    return __fdividef(1.0f, 1.0f + exp2_fast(-1.442695041f * y));
  }
}

// dy
template <typename T>
__device__ Accumulator<T> slope(Accumulator<T> y, Accumulator<T> upstream) {
  const Accumulator<T> s = sigmoid<T>(y);
  return upstream * s * (1 + y * (1 - s));
}

struct PartPlace {
  int64_t group, first, elements;  // of the group's elements

  __device__ PartPlace(const GroupNormSiluProblem& p, const Cut& cut, unsigned block)
      : group(block / static_cast<unsigned>(cut.parts)),
        first(block % static_cast<unsigned>(cut.parts) * cut.elements) {
    const int64_t rest = p.channels / p.groups * p.positions - first;
    elements = rest < cut.elements ? rest : cut.elements;
  }

  // The last part first: it is what the caches still have of a launch before.
  __device__ static PartPlace backwards(const GroupNormSiluProblem& p, const Cut& cut, unsigned block) {
    return PartPlace(p, cut, static_cast<unsigned>(p.batch * p.groups * cut.parts) - 1 - block);
  }
};

// A group of one sample.
template <typename T>
struct NormalisedGroup {
  using A = Accumulator<T>;

  int64_t positions, channels, offset;
  const T *input, *weights, *biases;
  A mean, inverse_deviation;

  __device__ NormalisedGroup(const GroupNormSiluProblem& p, int64_t index)
      : positions(p.positions),
        channels(p.channels / p.groups),
        offset(index * channels * p.positions),
        input(static_cast<const T*>(p.input) + offset),
        weights(static_cast<const T*>(p.weight) + index % p.groups * channels),
        biases(static_cast<const T*>(p.bias) + index % p.groups * channels) {}

  // What the forward has found.
  __device__ void recall(const GroupNormSiluBackward& call, int64_t index) {
    mean = static_cast<const A*>(call.mean)[index];
    inverse_deviation = static_cast<const A*>(call.inverse_deviation)[index];
  }

  __device__ int64_t elements() const { return channels * positions; }

  // y = (x - mean) scale + bias. Subtracting first keeps what a large mean would round away.
  __device__ A scale(int64_t channel) const { return load(weights[channel]) * inverse_deviation; }
  __device__ A bias(int64_t channel) const { return load(biases[channel]); }
};

// Neighbouring elements, in registers: thread t has the vectors t, t + THREADS, ... A thread has eight of
// them, or a SHARE-th of that.
template <typename T, int VECTOR, int THREADS, int SHARE>
class Elements {
 public:
  using Number = T;
  using A = Accumulator<T>;
  static constexpr int kVector = VECTOR, kBlock = THREADS;
  static constexpr int kStride = THREADS * VECTOR;
  static constexpr int kSlots = 8 / SHARE;
  static constexpr int64_t kMost = static_cast<int64_t>(kSlots) * kStride;

  // elements: no more than kMost, whole vectors.
  __device__ void load(const T* from, int64_t elements) {
    const int vectors = static_cast<int>(elements) / VECTOR;
#pragma unroll
    for (int slot = 0; slot < kSlots; ++slot) {
      const int at = static_cast<int>(threadIdx.x) + slot * THREADS;
      if (at < vectors) {
        slots_[slot] = load_vector<VECTOR>(from + at * VECTOR);
      }
    }
  }

  // For all threads. The distances are taken from a number beside the mean, and corrected by what that changes.
  __device__ Sums measure(int64_t elements) {
    A sum = 0;
    visit_slots(elements, [&](int slot, int) {
      A part = 0;
#pragma unroll
      for (int i = 0; i < VECTOR; ++i) {
        part += slots_[slot].get(i);
      }
      sum += part;
    });
    forget_numbers();
    const A count = static_cast<A>(elements);
    const double total = sum_for_all<THREADS>(static_cast<double>(sum));
    const A centre = static_cast<A>(total) / count;
    A squares = 0;
    visit_slots(elements, [&](int slot, int) {
      A part = 0;
#pragma unroll
      for (int i = 0; i < VECTOR; ++i) {
        const A x = slots_[slot].get(i) - centre;
        part += x * x;
      }
      squares += part;
    });
    forget_numbers();
    const double off = total - static_cast<double>(centre) * static_cast<double>(elements);
    const double about_mean =
        sum_for_all<THREADS>(static_cast<double>(squares)) - off * static_cast<double>(static_cast<A>(off) / count);
    return {total, about_mean < 0 ? 0 : about_mean};
  }

  // call(vector, its first element's place in the part, channel)
  template <typename Call>
  __device__ void visit(const NormalisedGroup<T>& group, const PartPlace& place, const Cut& cut, Call call) const {
    visit_with(*this, group, place, cut, [&](const auto& vector, const auto&, int64_t at, int64_t channel) {
      call(vector, at, channel);
    });
  }

  // call(vector, that of others, place, channel). A vector lies within a channel; the next one's is found without a
  // division.
  template <typename Call>
  __device__ void visit_with(
      const Elements& others, const NormalisedGroup<T>& group, const PartPlace& place, const Cut& cut,
      Call call) const {
    const int64_t first = place.first + static_cast<int64_t>(threadIdx.x) * VECTOR;
    int64_t channel = first / group.positions, position = first - channel * group.positions;
    visit_slots(place.elements, [&](int slot, int at) {
      call(slots_[slot], others.slots_[slot], static_cast<int64_t>(at) * VECTOR, channel);
      channel += cut.step_channels;
      position += cut.step_positions;
      if (position >= group.positions) {
        position -= group.positions;
        ++channel;
      }
    });
  }

 private:
  // call(slot, place of its vector)
  template <typename Call>
  __device__ static void visit_slots(int64_t elements, Call call) {
    const int vectors = static_cast<int>(elements) / VECTOR;
#pragma unroll
    for (int slot = 0; slot < kSlots; ++slot) {
      const int at = static_cast<int>(threadIdx.x) + slot * THREADS;
      if (at < vectors) {
        call(slot, at);
      }
    }
  }

  __device__ void forget_numbers() {
#pragma unroll
    for (auto& slot : slots_) {
      slot.forget_numbers();
    }
  }

  Vector<T, VECTOR> slots_[kSlots];
};

// Those of its parts together (Chan, Golub and LeVeque 1979), for all threads of a block.
template <int THREADS>
__device__ Sums sums_of_group(const Moments* parts, const Cut& cut, int64_t elements) {
  const auto part_elements = [&](int64_t part) {
    const int64_t rest = elements - part * cut.elements;
    return static_cast<double>(rest < cut.elements ? rest : cut.elements);
  };
  double sum = 0;
  for (int64_t i = threadIdx.x; i < cut.parts; i += THREADS) {
    sum += part_elements(i) * parts[i].mean;
  }
  sum = sum_for_all<THREADS>(sum);
  const double mean = sum * cut.share;
  double squares = 0;
  for (int64_t i = threadIdx.x; i < cut.parts; i += THREADS) {
    const double off = parts[i].mean - mean;
    squares += parts[i].squares + part_elements(i) * off * off;
  }
  return {sum, sum_for_all<THREADS>(squares)};
}

}  // namespace dsvlm::cuda
