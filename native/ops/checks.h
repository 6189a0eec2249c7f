/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// What operators demand of their arguments. Every message starts with the operator's name.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/SymIntArrayRef.h>
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
            (type == at::kHalf && (tensor.is_cuda() || tensor.is_meta())),
        op_, ": ", name, " must be float32, float64 or bfloat16, or on a GPU float16, but is ", type_name(type), " on ",
        tensor.device().str());
  }

  // The exact shape; -1 stands for any size. Sizes are symbols where torch.compile traces dynamic shapes.
  void shape(const std::string& name, const at::Tensor& tensor, const char* meaning, c10::SymIntArrayRef wanted) const {
    bool same = tensor.dim() == static_cast<int64_t>(wanted.size());
    for (size_t i = 0; same && i < wanted.size(); ++i) {
      same = is_any(wanted[i]) || tensor.sym_size(static_cast<int64_t>(i)) == wanted[i];
    }
    TORCH_CHECK(
        same, op_, ": ", name, " must be ", meaning, " ", text(wanted), ", but has shape ", text(tensor.sym_sizes()));
  }

  // On the CPU. A tensor without memory (meta, FakeTensor) does not say where it stands.
  static bool is_on_cpu(const at::Tensor& tensor) { return tensor.is_cpu() || tensor.is_meta(); }

  // Type and device of reference.
  void like(const std::string& name, const at::Tensor& tensor, const char* reference_name, const at::Tensor& reference)
      const {
    TORCH_CHECK(
        tensor.scalar_type() == reference.scalar_type(), op_, ": ", name, " is ", type_name(tensor.scalar_type()),
        ", but ", reference_name, " is ", type_name(reference.scalar_type()));
    TORCH_CHECK(
        tensor.device() == reference.device(), op_, ": ", name, " is on ", tensor.device().str(), ", but ",
        reference_name, " is on ", reference.device().str());
  }

  // Without a stream: LibTorch, which may carry a C++ library of its own, does not have to write to one of ours.
  static std::string text(c10::SymIntArrayRef sizes) {
    std::string joined = "[";
    for (const c10::SymInt& size : sizes) {
      const auto number = size.maybe_as_int();
      joined += joined.size() == 1 ? "" : ", ";
      joined += is_any(size) ? "any" : number ? std::to_string(*number) : size.toSymNode()->str();
    }
    return joined + ']';
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

  static bool is_any(const c10::SymInt& size) { return size.maybe_as_int() == -1; }
};

}  // namespace dsvlm
