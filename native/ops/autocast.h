/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

#include <optional>
#include <vector>

namespace dsvlm {

// Inside an autocast region, on one kind of device: casts arguments as torch.autocast casts those of LibTorch's own
// operators, and keeps autocast out of what is called while it lives. What is not a floating-point tensor on that
// device, and float64, stays as it is.
class Autocast {
 public:
  explicit Autocast(c10::DeviceType device);

  // To the region's type, as matrix products and attention.
  at::Tensor lower(const at::Tensor& tensor) const;
  std::optional<at::Tensor> lower(const std::optional<at::Tensor>& tensor) const;
  std::vector<at::Tensor> lower(at::TensorList tensors) const;

  // To float32, as norms and losses.
  at::Tensor full(const at::Tensor& tensor) const;

 private:
  c10::DeviceType device_;
  c10::impl::ExcludeDispatchKeyGuard excluded_;
};

}  // namespace dsvlm
