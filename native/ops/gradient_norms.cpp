/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/gradient_norms.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include <algorithm>
#include <string>

#include "ops/checks.h"
#include "ops/gradient_norms_internal.h"
#include "ops/op.h"
#include "ops/views.h"

namespace dsvlm {

TORCH_LIBRARY_FRAGMENT(dsvlm, library) {
  library.def("gradient_norms(Tensor?[] gradients) -> Tensor");
  library.def("_gradient_norms(Tensor?[] gradients) -> Tensor");
}

namespace {

constexpr const char* kName = "dsvlm::gradient_norms";

const Op<NormsSignature> norms_op(kName);
const Op<NormsSignature> kernel_op("dsvlm::_gradient_norms");

bool is_there(const std::optional<at::Tensor>& gradient) { return gradient.has_value() && gradient->defined(); }

// The index of the first tensor that is there; the list's length if none is.
size_t check(const OptionalTensors& gradients) {
  const Checks checks(kName);
  const size_t count = gradients.size();
  size_t first = count;
  for (size_t i = 0; i < count; ++i) {
    const std::optional<at::Tensor> gradient = gradients.get(i);
    if (!is_there(gradient)) {
      continue;
    }
    first = std::min(first, i);
    const std::string name = "gradients[" + std::to_string(i) + "]";
    checks.floating(name.c_str(), *gradient);
    const at::Device device = gradients.get(first)->device();
    TORCH_CHECK(
        gradient->device() == device, kName, ": ", name, " is on ", gradient->device().str(), ", but gradients[", first,
        "] is on ", device.str());
  }
  return first;
}

at::Tensor call_kernel(const OptionalTensors& gradients) {
  if (check(gradients) == gradients.size()) {
    return at::zeros({static_cast<int64_t>(gradients.size())}, at::kDouble);
  }
  at::AutoDispatchBelowADInplaceOrView below;
  return kernel_op(gradients);
}

at::Tensor norms_meta(const OptionalTensors& gradients) {
  return at::empty({static_cast<int64_t>(gradients.size())}, at::TensorOptions().device(at::kMeta).dtype(at::kDouble));
}

at::Tensor norms_cpu(const OptionalTensors& gradients) {
  return gradient_norms_with(cpu::gradient_norms_forward, gradients);
}

}  // namespace

at::Tensor gradient_norms_with(void (*kernel)(const NormsForward&), const OptionalTensors& gradients) {
  const size_t count = gradients.size();
  std::vector<at::Tensor> dense(count);  // for as long as the kernel reads them
  std::vector<NormTensor> tensors(count);
  at::TensorOptions options;
  for (size_t i = 0; i < count; ++i) {
    const std::optional<at::Tensor> gradient = gradients.get(i);
    if (is_there(gradient)) {
      dense[i] = gradient->contiguous();
      options = dense[i].options();
      tensors[i] = {dtype_of(dense[i]), dense[i].const_data_ptr(), dense[i].numel()};
    }
  }
  at::Tensor norms = at::empty({static_cast<int64_t>(count)}, options.dtype(at::kDouble));
  kernel({tensors.data(), static_cast<int64_t>(count), norms.mutable_data_ptr<double>()});
  return norms;
}

at::Tensor gradient_norms(const std::vector<at::Tensor>& gradients) {
  OptionalTensors optional;
  optional.reserve(gradients.size());
  for (const at::Tensor& gradient : gradients) {
    optional.push_back(gradient.defined() ? std::optional<at::Tensor>(gradient) : std::nullopt);
  }
  return norms_op(optional);
}

TORCH_LIBRARY_IMPL(dsvlm, CompositeExplicitAutograd, library) { library.impl("gradient_norms", call_kernel); }

TORCH_LIBRARY_IMPL(dsvlm, Meta, library) { library.impl("_gradient_norms", norms_meta); }

TORCH_LIBRARY_IMPL(dsvlm, CPU, library) { library.impl("_gradient_norms", norms_cpu); }

}  // namespace dsvlm
