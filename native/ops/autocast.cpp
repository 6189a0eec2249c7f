/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Apart from its header because LibTorch's includes every operator's.
#include "ops/autocast.h"

#include <ATen/autocast_mode.h>

namespace dsvlm {

Autocast::Autocast(c10::DeviceType device)
    : device_(device), excluded_(at::autocast::get_autocast_dispatch_key_from_device_type(device)) {}

at::Tensor Autocast::lower(const at::Tensor& tensor) const {
  return at::autocast::cached_cast(at::autocast::get_autocast_dtype(device_), tensor, device_);
}

std::optional<at::Tensor> Autocast::lower(const std::optional<at::Tensor>& tensor) const {
  return tensor ? std::make_optional(lower(*tensor)) : std::nullopt;
}

std::vector<at::Tensor> Autocast::lower(at::TensorList tensors) const {
  std::vector<at::Tensor> cast;
  cast.reserve(tensors.size());
  for (const at::Tensor& tensor : tensors) {
    cast.push_back(lower(tensor));
  }
  return cast;
}

at::Tensor Autocast::full(const at::Tensor& tensor) const {
  return at::autocast::cached_cast(at::kFloat, tensor, device_);
}

}  // namespace dsvlm
