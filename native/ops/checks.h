/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// What operators demand of their arguments. Every message starts with the operator's name.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

#include <string>

namespace dsvlm {

class Checks {
 public:
  explicit Checks(const char* op) : op_(op) {}

  void defined(const char* name, const at::Tensor& tensor) const {
    TORCH_CHECK(tensor.defined(), op_, ": ", name, " is an undefined tensor");
  }

  void floating(const char* name, const at::Tensor& tensor) const {
    const auto type = tensor.scalar_type();
    TORCH_CHECK(
        type == at::kFloat || type == at::kDouble || type == at::kBFloat16 ||
            (type == at::kHalf && tensor.is_cuda()),
        op_, ": ", name, " must be float32, float64 or bfloat16, or on a GPU float16, but is ", type_name(type),
        " on ", tensor.device().str());
  }

  // The exact shape; -1 stands for any size.
  void shape(const std::string& name, const at::Tensor& tensor, const char* meaning, at::IntArrayRef wanted) const {
    bool same = tensor.dim() == static_cast<int64_t>(wanted.size());
    for (size_t i = 0; same && i < wanted.size(); ++i) {
      same = wanted[i] == -1 || tensor.size(static_cast<int64_t>(i)) == wanted[i];
    }
    TORCH_CHECK(
        same, op_, ": ", name, " must be ", meaning, " ", text(wanted), ", but has shape ", text(tensor.sizes()));
  }

  // Type and device of reference.
  void like(const std::string& name, const at::Tensor& tensor, const char* reference_name,
            const at::Tensor& reference) const {
    TORCH_CHECK(
        tensor.scalar_type() == reference.scalar_type(), op_, ": ", name, " is ", type_name(tensor.scalar_type()),
        ", but ", reference_name, " is ", type_name(reference.scalar_type()));
    TORCH_CHECK(
        tensor.device() == reference.device(), op_, ": ", name, " is on ", tensor.device().str(), ", but ",
        reference_name, " is on ", reference.device().str());
  }

  static std::string text(at::IntArrayRef sizes) {
    std::string joined = "[";
    for (size_t i = 0; i < sizes.size(); ++i) {
      joined += (i == 0 ? "" : ", ") + (sizes[i] == -1 ? "any" : std::to_string(sizes[i]));
    }
    return joined + "]";
  }

  // As Java and Python users write it.
  static std::string type_name(at::ScalarType type) {
    switch (type) {
      case at::kFloat:
        return "float32";
      case at::kDouble:
        return "float64";
      case at::kHalf:
        return "float16";
      case at::kBFloat16:
        return "bfloat16";
      case at::kLong:
        return "int64";
      case at::kInt:
        return "int32";
      case at::kByte:
        return "uint8";
      default:
        return c10::toString(type);
    }
  }

 private:
  const char* op_;
};

}  // namespace dsvlm
