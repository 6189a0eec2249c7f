/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// See kernels/group_norm_silu.h. A block has neighbouring elements of one group in its registers: all of them where a
// block holds so many, and one launch is then all; else one of several parts. Parts leave their moments first, and are
// normalised by a second launch. In the backward a warp sums a segment of a row, that is of the positions of one
// channel of one sample, then blocks take parts as in the forward. How a group is cut depends on the call's sizes and
// addresses, not on the device.
#include "kernels/cuda/group_norm_silu.cuh"
#include "kernels/cuda/launchers.h"

namespace dsvlm::cuda {
namespace {

constexpr int kLargeBlock = 512;
constexpr int kWarps = kThreads / 32;

// A block that holds a group alone keeps a multiprocessor busy; fewer groups than this are better cut.
constexpr int64_t kManyGroups = 64;
// Parts are as small as this where that makes as many blocks as that.
constexpr int64_t kLeastPart = 4096, kManyBlocks = 512;

// Segments of a row are as long as this where no more than that are needed.
constexpr int64_t kLeastSegment = 2048, kMostSegments = 32;

template <typename T, int VECTOR, int THREADS>
using ForwardPart = Elements<T, VECTOR, THREADS, 1>;
template <typename T, int VECTOR>
using BackwardPart = Elements<T, VECTOR, kThreads, 2>;

int64_t group_elements(const GroupNormSiluProblem& p) { return p.channels / p.groups * p.positions; }

// Parts of no more than MOST elements, whole vectors.
template <typename Part>
Cut cut(const GroupNormSiluProblem& p, bool whole) {
  const int64_t elements = group_elements(p);
  int64_t parts = 1;
  if (!whole) {
    const int64_t wanted = ceil_div(kManyBlocks, p.batch * p.groups), most = ceil_div(elements, kLeastPart);
    const int64_t least = ceil_div(elements, Part::kMost);
    parts = wanted < most ? wanted : most;
    parts = parts < least ? least : parts;
  }
  const int64_t vectors = ceil_div(elements, Part::kVector);
  const int64_t part_vectors = ceil_div(vectors, parts);
  return {
      ceil_div(vectors, part_vectors), part_vectors * Part::kVector, Part::kStride / p.positions,
      Part::kStride % p.positions, 1 / static_cast<double>(elements)};
}

// Calls call with the type and the elements of a vector: 16 bytes where rows are whole vectors, else 1.
template <typename Call, typename... Pointers>
void with_vectors(const GroupNormSiluProblem& p, Call call, Pointers... pointers) {
  with_type(p.dtype, [&](auto type) {
    using T = decltype(type);
    constexpr int kLong = kVectorElements<T>;
    if (p.positions % kLong == 0 && (is_aligned<kLong>(static_cast<const T*>(pointers)) && ...)) {
      call(type, std::integral_constant<int, kLong>());
    } else {
      call(type, std::integral_constant<int, 1>());
    }
  });
}

// Calls call with type, vector, threads of a block, and the cut; more than one part means that moments are needed.
template <typename Call>
void with_forward_cut(const GroupNormSiluForward& forward, Call call) {
  const GroupNormSiluProblem& p = forward.problem;
  const int64_t elements = group_elements(p);
  const auto of_vectors = [&](auto type, auto vector) {
    using Small = ForwardPart<decltype(type), decltype(vector)::value, kThreads>;
    using Large = ForwardPart<decltype(type), decltype(vector)::value, kLargeBlock>;
    if (elements <= Small::kMost) {
      call(Small(), cut<Small>(p, true));
    } else if (elements <= Large::kMost && p.batch * p.groups >= kManyGroups) {
      call(Large(), cut<Large>(p, true));
    } else {
      call(Small(), cut<Small>(p, false));
    }
  };
  with_vectors(p, of_vectors, p.input, static_cast<const void*>(forward.output));
}

Rows rows_of(const GroupNormSiluProblem& p) {
  // Of whole vectors, whatever the type.
  const int64_t least = ceil_div(ceil_div(p.positions, kMostSegments), 8) * 8;
  const int64_t elements = least < kLeastSegment ? kLeastSegment : least;
  return {p.batch * p.channels, ceil_div(p.positions, elements), elements};
}

// One block a multiprocessor is enough for all these: left to itself, ptxas wants more, and spills.
template <typename Part>
__global__ void __launch_bounds__(kThreads, 1)
    measure(const __grid_constant__ GroupNormSiluForward call, const __grid_constant__ Cut cut, Moments* moments) {
  const PartPlace place(call.problem, cut, blockIdx.x);
  const NormalisedGroup<typename Part::Number> group(call.problem, place.group);
  Part part;
  part.load(group.input + place.first, place.elements);
  const Sums sums = part.measure(place.elements);
  if (threadIdx.x == 0) {
    moments[blockIdx.x] = {sums.sum / static_cast<double>(place.elements), sums.squares};
  }
}

// moments: of all parts, or null where a group is one part.
template <typename Part>
__global__ void __launch_bounds__(Part::kBlock, 1) normalise(
    const __grid_constant__ GroupNormSiluForward call, const __grid_constant__ Cut cut, const Moments* moments) {
  using T = typename Part::Number;
  using A = Accumulator<T>;
  const PartPlace place = PartPlace::backwards(call.problem, cut, blockIdx.x);
  NormalisedGroup<T> group(call.problem, place.group);
  Part part;
  part.load(group.input + place.first, place.elements);
  const Sums sums = moments == nullptr
                        ? part.measure(place.elements)
                        : sums_of_group<Part::kBlock>(moments + place.group * cut.parts, cut, group.elements());
  group.mean = static_cast<A>(sums.sum * cut.share);
  group.inverse_deviation = static_cast<A>(1 / sqrt(sums.squares * cut.share + call.eps));
  T* output = static_cast<T*>(call.output) + group.offset + place.first;
  part.visit(group, place, cut, [&](const auto& vector, int64_t at, int64_t channel) {
    const A scale = group.scale(channel), bias = group.bias(channel);
    A values[Part::kVector];
#pragma unroll
    for (int i = 0; i < Part::kVector; ++i) {
      const A y = (vector.get(i) - group.mean) * scale + bias;
      values[i] = y * sigmoid<T>(y);
    }
    store_vector(output + at, values);
  });
  if (place.first == 0 && threadIdx.x == 0) {
    static_cast<A*>(call.mean)[place.group] = group.mean;
    static_cast<A*>(call.inverse_deviation)[place.group] = group.inverse_deviation;
  }
}

// slopes, products: [batch, channels, segments], the sums of dy and dy u over a segment's positions.
template <typename T, int VECTOR>
__global__ void __launch_bounds__(kThreads) sum_rows(
    const __grid_constant__ GroupNormSiluBackward call, const __grid_constant__ Rows rows, double* slopes,
    double* products) {
  using A = Accumulator<T>;
  constexpr int kAhead = 4;  // vectors that are loaded before one is used
  const GroupNormSiluProblem& p = call.problem;
  const int64_t index = static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / 32;
  if (index >= rows.count * rows.segments) {
    return;
  }
  const int64_t row = index / rows.segments, first = index % rows.segments * rows.elements;
  const int64_t group_index = row / (p.channels / p.groups);
  NormalisedGroup<T> group(p, group_index);
  group.recall(call, group_index);
  const int64_t channel = row - group_index * group.channels;
  const A scale = group.scale(channel), bias = group.bias(channel);
  const T* input = static_cast<const T*>(p.input) + row * p.positions + first;
  const T* upstream = static_cast<const T*>(call.grad_output) + row * p.positions + first;
  const int64_t rest = p.positions - first;
  const int64_t vectors = (rest < rows.elements ? rest : rows.elements) / VECTOR;
  A slope_sum = 0, product_sum = 0;
  for (int64_t begin = threadIdx.x % 32; begin < vectors; begin += 32 * kAhead) {
    Vector<T, VECTOR> x[kAhead], g[kAhead];
#pragma unroll
    for (int k = 0; k < kAhead; ++k) {
      if (begin + 32 * k < vectors) {
        x[k] = load_vector<VECTOR>(input + (begin + 32 * k) * VECTOR);
        g[k] = load_vector<VECTOR>(upstream + (begin + 32 * k) * VECTOR);
      }
    }
#pragma unroll
    for (int k = 0; k < kAhead; ++k) {
      if (begin + 32 * k < vectors) {
#pragma unroll
        for (int i = 0; i < VECTOR; ++i) {
          const A centred = x[k].get(i) - group.mean;
          const A dy = slope<T>(centred * scale + bias, g[k].get(i));
          slope_sum += dy;
          product_sum += dy * (centred * group.inverse_deviation);
        }
      }
    }
  }
  const double slope = warp_sum(static_cast<double>(slope_sum));
  const double product = warp_sum(static_cast<double>(product_sum));
  if (threadIdx.x % 32 == 0) {
    slopes[index] = slope;
    products[index] = product;
  }
}

template <typename T, int VECTOR>
__global__ void __launch_bounds__(kThreads, 1) write_gradient(
    const __grid_constant__ GroupNormSiluBackward call, const __grid_constant__ Cut cut,
    const __grid_constant__ Rows rows, const double* slopes, const double* products) {
  using A = Accumulator<T>;
  using Part = BackwardPart<T, VECTOR>;
  const PartPlace place = PartPlace::backwards(call.problem, cut, blockIdx.x);
  NormalisedGroup<T> group(call.problem, place.group);
  group.recall(call, place.group);
  Part inputs, upstreams;
  inputs.load(group.input + place.first, place.elements);
  upstreams.load(static_cast<const T*>(call.grad_output) + group.offset + place.first, place.elements);
  double slope_sum = 0, product_sum = 0;
  const int64_t segments = group.channels * rows.segments, before = place.group * segments;
  for (int64_t i = threadIdx.x; i < segments; i += kThreads) {
    const double weight = static_cast<double>(load(group.weights[i / rows.segments]));
    slope_sum += weight * slopes[before + i];
    product_sum += weight * products[before + i];
  }
  const double inverse = static_cast<double>(group.inverse_deviation);
  const A at = static_cast<A>(-sum_for_all<kThreads>(slope_sum) * cut.share * inverse);
  const A near = static_cast<A>(-sum_for_all<kThreads>(product_sum) * cut.share * inverse * inverse);
  T* gradient = static_cast<T*>(call.grad_input) + group.offset + place.first;
  inputs.visit_with(upstreams, group, place, cut, [&](const auto& x, const auto& g, int64_t to, int64_t channel) {
    const A scale = group.scale(channel), bias = group.bias(channel);
    A values[VECTOR];
#pragma unroll
    for (int i = 0; i < VECTOR; ++i) {
      const A centred = x.get(i) - group.mean;
      const A dy = slope<T>(centred * scale + bias, g.get(i));
      values[i] = dy * scale + centred * near + at;
    }
    store_vector(gradient + to, values);
  });
}

// A warp adds the sums of a channel over samples and segments.
template <typename T>
__global__ void __launch_bounds__(kThreads) sum_batch(
    const __grid_constant__ GroupNormSiluBackward call, const __grid_constant__ Rows rows, const double* slopes,
    const double* products) {
  const GroupNormSiluProblem& p = call.problem;
  const int64_t channel = static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / 32;
  if (channel >= p.channels) {
    return;
  }
  const auto write = [&](const double* sums, void* to) {
    if (to == nullptr) {
      return;
    }
    double sum = 0;
    for (int64_t i = threadIdx.x % 32; i < p.batch * rows.segments; i += 32) {
      sum += sums[(i / rows.segments * p.channels + channel) * rows.segments + i % rows.segments];
    }
    sum = warp_sum(sum);
    if (threadIdx.x % 32 == 0) {
      store(static_cast<T*>(to) + channel, static_cast<Accumulator<T>>(sum));
    }
  };
  write(products, call.grad_weight);
  write(slopes, call.grad_bias);
}

}  // namespace

int64_t group_norm_silu_forward_workspace(const GroupNormSiluForward& call) {
  const GroupNormSiluProblem& p = call.problem;
  int64_t bytes = 0;
  with_forward_cut(call, [&](auto, const Cut& cut) {
    bytes = cut.parts == 1 ? 0 : p.batch * p.groups * cut.parts * static_cast<int64_t>(sizeof(Moments));
  });
  return bytes;
}

void group_norm_silu_forward(const GroupNormSiluForward& call, void* workspace, cudaStream_t stream) {
  const int64_t groups = call.problem.batch * call.problem.groups;
  with_forward_cut(call, [&](auto part, const Cut& cut) {
    using Part = decltype(part);
    Moments* moments = cut.parts == 1 ? nullptr : static_cast<Moments*>(workspace);
    if constexpr (Part::kBlock == kThreads) {
      if (moments != nullptr) {
        launch(measure<Part>, groups * cut.parts, kThreads, 0, stream, call, cut, moments);
      }
    }
    launch(normalise<Part>, groups * cut.parts, Part::kBlock, 0, stream, call, cut, moments);
  });
}

int64_t group_norm_silu_backward_workspace(const GroupNormSiluBackward& call) {
  const Rows rows = rows_of(call.problem);
  return 2 * rows.count * rows.segments * static_cast<int64_t>(sizeof(double));
}

void group_norm_silu_backward(const GroupNormSiluBackward& call, void* workspace, cudaStream_t stream) {
  const GroupNormSiluProblem& p = call.problem;
  const Rows rows = rows_of(p);
  double* slopes = static_cast<double*>(workspace);
  double* products = slopes + rows.count * rows.segments;
  const auto of_vectors = [&](auto type, auto vector) {
    using T = decltype(type);
    constexpr int kVector = decltype(vector)::value;
    launch(
        sum_rows<T, kVector>, ceil_div(rows.count * rows.segments, kWarps), kThreads, 0, stream, call, rows, slopes,
        products);
    if (call.grad_input != nullptr) {
      const Cut parts = cut<BackwardPart<T, kVector>>(p, false);
      launch(
          write_gradient<T, kVector>, p.batch * p.groups * parts.parts, kThreads, 0, stream, call, parts, rows, slopes,
          products);
    }
    if (call.grad_weight != nullptr || call.grad_bias != nullptr) {
      launch(sum_batch<T>, ceil_div(p.channels, kWarps), kThreads, 0, stream, call, rows, slopes, products);
    }
  };
  with_vectors(p, of_vectors, p.input, call.grad_output, static_cast<const void*>(call.grad_input));
}

}  // namespace dsvlm::cuda
