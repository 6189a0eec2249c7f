/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Memory for check_kernels.cpp: outputs that know whether anyone wrote beside them, inputs in two types.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "kernels/cuda/number.cuh"
#include "kernels/tensor_view.h"

namespace dsvlm::check {

inline const char* type_name(DType type) {
  switch (type) {
    case DType::f32:
      return "float32";
    case DType::f64:
      return "float64";
    case DType::bf16:
      return "bfloat16";
    case DType::f16:
      return "float16";
  }
  return "";
}

inline DType accumulator(DType type) { return type == DType::f64 ? DType::f64 : DType::f32; }

// The most that rounding to the type changes a number, as a share of it.
inline double unit_roundoff(DType type) {
  switch (type) {
    case DType::f64:
      return 0x1p-53;
    case DType::f32:
      return 0x1p-24;
    case DType::bf16:
      return 0x1p-8;
    case DType::f16:
      return 0x1p-11;
  }
  return 0;
}

// ... and of the smallest numbers, on its own: the others' are too small to matter.
inline double smallest_roundoff(DType type) { return type == DType::f16 ? 0x1p-25 : 0; }

// Elements in a row, all bits set to begin with: NaN in each type. So are some bytes before and after them.
class Tensor {
 public:
  Tensor(int64_t size, DType type) : Tensor(size, bytes_of(type), type) {}
  static Tensor bytes(int64_t size) { return Tensor(size, 1, DType::f64); }

  int64_t size() const { return size_; }
  void* data() { return memory_.data() + kMargin; }
  const void* data() const { return memory_.data() + kMargin; }

  double get(int64_t i) const {
    double value = 0;
    cuda::with_type(type_, [&](auto type) { value = load(static_cast<const decltype(type)*>(data())[i]); });
    return value;
  }

  void set(int64_t i, double value) {
    cuda::with_type(type_, [&](auto type) {
      using T = decltype(type);
      store(static_cast<T*>(data()) + i, static_cast<Accumulator<T>>(value));
    });
  }

  int64_t byte_size() const { return static_cast<int64_t>(memory_.size() - 2 * kMargin); }
  bool has_bytes_of(const Tensor& other) const { return memory_ == other.memory_; }

  bool intact() const {
    for (size_t i = 0; i < kMargin; ++i) {
      if (memory_[i] != kUnset || memory_[memory_.size() - 1 - i] != kUnset) {
        return false;
      }
    }
    return true;
  }

 private:
  static constexpr size_t kMargin = 64;
  static constexpr unsigned char kUnset = 0xff;

  Tensor(int64_t size, int64_t element, DType type)
      : size_(size), type_(type), memory_(static_cast<size_t>(size * element) + 2 * kMargin, kUnset) {}

  static int64_t bytes_of(DType type) {
    int64_t bytes = 0;
    cuda::with_type(type, [&](auto number) { bytes = sizeof number; });
    return bytes;
  }

  int64_t size_;
  DType type_;
  std::vector<unsigned char> memory_;
};

enum class Side { checked, exact };

// The same numbers in the type that is checked and in float64, at random with gaps, with two dimensions
// exchanged in memory, or at an odd offset.
class Input {
 public:
  using Shape = std::vector<int64_t>;

  static Input normal(const Shape& shape, DType type, std::mt19937_64& generator) {
    std::normal_distribution<double> distribution;
    return Input(shape, type, generator, distribution);
  }

  static Input uniform(const Shape& shape, DType type, std::mt19937_64& generator) {
    std::uniform_real_distribution<double> distribution;
    return Input(shape, type, generator, distribution);
  }

  // As they lie in memory, without gaps, the first one so many elements from an address of 16 bytes.
  static Input planes(const Shape& shape, DType type, std::mt19937_64& generator, double mean = 0, int64_t offset = 0) {
    std::normal_distribution<double> distribution(mean);
    return Input(shape, type, generator, distribution, /*plain=*/true, offset);
  }

  Strided4 view(Side side) const {
    Strided4 view;
    const Tensor& tensor = side == Side::checked ? checked_ : exact_;
    if (side == Side::checked) {
      cuda::with_type(
          type_, [&](auto number) { view.data = static_cast<const decltype(number)*>(tensor.data()) + offset_; });
    } else {
      view.data = static_cast<const double*>(tensor.data()) + offset_;
    }
    for (size_t i = 0; i < 4; ++i) {
      view.stride[i] = stride_[i];
    }
    return view;
  }

  // Of the element in the order of the shape.
  void set(int64_t index, double value) {
    int64_t at = offset_;
    for (size_t i = 4; i-- > 0; index /= shape_[i]) {
      at += index % shape_[i] * stride_[i];
    }
    checked_.set(at, value);
    exact_.set(at, checked_.get(at));
  }

 private:
  template <typename Distribution>
  Input(
      const Shape& shape, DType type, std::mt19937_64& generator, Distribution& distribution, bool plain = false,
      int64_t offset = 0)
      : shape_(shape), type_(type), checked_(0, type), exact_(0, DType::f64) {
    const auto one_in = [&](uint64_t n) { return !plain && generator() % n == 0; };
    size_t order[] = {0, 1, 2, 3};
    if (one_in(3)) {
      std::swap(order[1], order[2]);
    }
    if (one_in(5)) {
      std::swap(order[1 + one_in(2)], order[3]);
    }
    offset_ = one_in(5) ? 1 : offset;
    const int64_t gap = one_in(3) ? 8 : one_in(8) ? 1 : 0;
    int64_t size = 1;
    for (size_t i = 4; i-- > 0;) {
      stride_[order[i]] = size;
      size = size * shape[order[i]] + (i == 3 ? gap : 0);
    }
    checked_ = Tensor(size + offset_, type);
    exact_ = Tensor(size + offset_, DType::f64);
    for (int64_t i = 0; i < shape[0] * shape[1] * shape[2] * shape[3]; ++i) {
      set(i, distribution(generator));
    }
  }

  Shape shape_;
  DType type_;
  int64_t offset_, stride_[4];
  Tensor checked_, exact_;
};

}  // namespace dsvlm::check
