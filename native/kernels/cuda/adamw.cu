/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// See kernels/adamw.h. A block takes 16,384 neighbouring elements of one tensor, 16 bytes of a parameter at a time
// where the addresses of all that belongs to it allow that.
#include "kernels/cuda/batch.cuh"
#include "kernels/cuda/launchers.h"
#include "kernels/cuda/reduce.cuh"
#include "kernels/cuda/vector.cuh"

namespace dsvlm::cuda {
namespace {

// Numbers of a step that all its tensors share.
struct Settings {
  double decay, beta1, beta2, eps;
  const double* gradient_scale;
};

// P: type of parameter and moments; G: of the gradient. Elements are counted from the block's first.
template <typename P, typename G>
class Update {
 public:
  __device__ Update(const Settings& settings, const AdamWTensor& tensor, int64_t first)
      : parameter_(static_cast<P*>(tensor.parameter) + first),
        average_(static_cast<P*>(tensor.exp_avg) + first),
        square_(static_cast<P*>(tensor.exp_avg_sq) + first),
        gradient_(static_cast<const G*>(tensor.gradient) + first),
        rounded_(tensor.rounded == nullptr ? nullptr : static_cast<BFloat16*>(tensor.rounded) + first),
        scale_(settings.gradient_scale == nullptr ? A(1) : static_cast<A>(*settings.gradient_scale)),
        decay_(static_cast<A>(settings.decay)),
        eps_(static_cast<A>(settings.eps)),
        rest1_(static_cast<A>(1 - settings.beta1)),
        beta2_(static_cast<A>(settings.beta2)),
        rest2_(static_cast<A>(1 - settings.beta2)),
        step_size_(static_cast<A>(tensor.step_size)),
        correction_(static_cast<A>(tensor.inverse_root_correction)) {}

  __device__ void run(int count) const {
    constexpr int kLong = kVectorElements<P>;
    int done = 0;
    if (is_aligned<kLong>(parameter_) && is_aligned<kLong>(average_) && is_aligned<kLong>(square_) &&
        is_aligned<kLong>(gradient_) && is_aligned<kLong>(rounded_)) {
      const int vectors = count / kLong;
      for (int i = threadIdx.x; i < vectors; i += 2 * kThreads) {
        const Loaded<kLong> one(*this, i * kLong);
        if (i + kThreads < vectors) {
          const Loaded<kLong> two(*this, (i + kThreads) * kLong);
          update(one, i * kLong);
          update(two, (i + kThreads) * kLong);
        } else {
          update(one, i * kLong);
        }
      }
      done = vectors * kLong;
    }
    for (int i = done + static_cast<int>(threadIdx.x); i < count; i += kThreads) {
      update(Loaded<1>(*this, i), i);
    }
  }

 private:
  using A = Accumulator<P>;

  template <int COUNT>
  struct Loaded {
    Vector<P, COUNT> parameter, average, square;
    Vector<G, COUNT> gradient;

    __device__ Loaded(const Update& from, int at)
        : parameter(load_vector<COUNT>(from.parameter_ + at)),
          average(load_vector<COUNT>(from.average_ + at)),
          square(load_vector<COUNT>(from.square_ + at)),
          gradient(load_vector<COUNT>(from.gradient_ + at)) {}
  };

  template <int COUNT>
  __device__ void update(const Loaded<COUNT>& old, int at) const {
    A parameters[COUNT], averages[COUNT], squares[COUNT];
#pragma unroll
    for (int i = 0; i < COUNT; ++i) {
      const A g = static_cast<A>(old.gradient.get(i)) * scale_;
      A m = old.average.get(i), v = old.square.get(i);
      m += (g - m) * rest1_;
      v = v * beta2_ + g * g * rest2_;
      averages[i] = m;
      squares[i] = v;
      parameters[i] = old.parameter.get(i) * decay_ - step_size_ * m / (sqrt(v) * correction_ + eps_);
    }
    store_vector(average_ + at, averages);
    store_vector(square_ + at, squares);
    store_vector(parameter_ + at, parameters);
    if (rounded_ != nullptr) {
      float rounded[COUNT];
#pragma unroll
      for (int i = 0; i < COUNT; ++i) {
        rounded[i] = static_cast<float>(parameters[i]);
      }
      store_vector(rounded_ + at, rounded);
    }
  }

  P *parameter_, *average_, *square_;
  const G* gradient_;
  BFloat16* rounded_;
  A scale_, decay_, eps_, rest1_, beta2_, rest2_, step_size_, correction_;
};

template <typename P, typename G>
__device__ void update_range(const Settings& settings, const AdamWTensor& tensor, int64_t first, int64_t count) {
  Update<P, G>(settings, tensor, first).run(static_cast<int>(count));
}

// Two blocks a multiprocessor: left to itself, ptxas wants more for sm_100, and spills.
__global__ void __launch_bounds__(kThreads, 2)
    update(const __grid_constant__ Batch<AdamWTensor> batch, const __grid_constant__ Settings settings) {
  const int index = batch.tensor_of(blockIdx.x);
  const AdamWTensor& tensor = batch.tensors[index];
  const int64_t first = batch.first_element(index, blockIdx.x), count = batch.elements(index, blockIdx.x);
  if (tensor.dtype == DType::f64) {
    update_range<double, double>(settings, tensor, first, count);
  } else if (tensor.dtype == DType::bf16) {
    update_range<BFloat16, BFloat16>(settings, tensor, first, count);
  } else if (tensor.dtype == DType::f16) {
    update_range<Float16, Float16>(settings, tensor, first, count);
  } else if (tensor.gradient_dtype == DType::bf16) {
    update_range<float, BFloat16>(settings, tensor, first, count);
  } else {
    update_range<float, float>(settings, tensor, first, count);
  }
}

}  // namespace

void adamw_update(const AdamWStep& step, cudaStream_t stream) {
  const Settings settings{step.decay, step.beta1, step.beta2, step.eps, step.gradient_scale};
  in_batches(step.tensors, step.count, [&](const Batch<AdamWTensor>& batch, int64_t, int64_t blocks) {
    launch(update, blocks, kThreads, 0, stream, batch, settings);
  });
}

}  // namespace dsvlm::cuda
