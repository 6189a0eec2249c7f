/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/ssim.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/mul.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "ops/checks.h"
#include "ops/once_differentiable.h"
#include "ops/ssim_internal.h"

namespace dsvlm {
namespace {

constexpr const char* kName = "dsvlm::ssim";

// Returns whether the border is "same".
bool check(const at::Tensor& x, const at::Tensor& y, c10::string_view border, double data_range) {
  const Checks checks(kName);
  checks.defined("x", x);
  checks.defined("y", y);
  checks.floating("x", x);
  checks.shape("x", x, "[batch, channels, height, width]", {-1, -1, -1, -1});
  checks.shape("y", y, "shaped like x,", x.sizes());
  checks.like("y", y, "x", x);
  TORCH_CHECK(data_range > 0, kName, ": data_range must be positive, but is ", data_range);
  const bool same = border == "same";
  TORCH_CHECK(same || border == "valid", kName, ": border must be 'valid' or 'same', but is '", border, "'");
  TORCH_CHECK(
      same || (x.size(2) >= kSsimWindow && x.size(3) >= kSsimWindow), kName,
      ": border 'valid' needs pictures of at least 11x11, but x has shape ", Checks::text(x.sizes()));
  return same;
}

SsimForwardResult call_forward(
    const at::Tensor& x, const at::Tensor& y, bool same, double data_range, std::array<bool, 2> wanted) {
  static const auto op =
      c10::Dispatcher::singleton().findSchemaOrThrow("dsvlm::_ssim_forward", "").typed<SsimForwardSignature>();
  return op.call(x, y, same, data_range, wanted);
}

using BackwardSignature = at::Tensor(const at::Tensor&, const at::Tensor&, at::ScalarType);

at::Tensor call_backward(const at::Tensor& grad, const at::Tensor& gradient, at::ScalarType dtype) {
  static const auto op =
      c10::Dispatcher::singleton().findSchemaOrThrow("dsvlm::_ssim_backward", "").typed<BackwardSignature>();
  return op.call(grad, gradient, dtype);
}

// Value and gradients are one pass over the pictures: the forward keeps the gradients of the similarities,
// which are all that the backward has to scale.
struct Similarity : public torch::autograd::Function<Similarity> {
  static at::Tensor forward(
      torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& y, bool same,
      double data_range) {
    const std::array<bool, 2> wanted = {x.requires_grad(), y.requires_grad()};
    at::AutoDispatchBelowADInplaceOrView below;
    auto [output, grad_x, grad_y] = call_forward(x, y, same, data_range, wanted);
    context->save_for_backward({grad_x, grad_y});
    context->saved_data["dtype"] = x.scalar_type();
    return output;
  }

  static torch::autograd::variable_list backward(
      torch::autograd::AutogradContext* context, const torch::autograd::variable_list& grads) {
    refuse_double_backward_of_kept_gradient(kName);
    const auto saved = context->get_saved_variables();
    const at::ScalarType dtype = context->saved_data["dtype"].toScalarType();
    const auto scaled = [&](const at::Tensor& gradient) {
      return gradient.defined() ? call_backward(grads[0], gradient, dtype) : at::Tensor();
    };
    return {scaled(saved[0]), scaled(saved[1]), at::Tensor(), at::Tensor()};
  }
};

at::Tensor differentiable(const at::Tensor& x, const at::Tensor& y, c10::string_view border, double data_range) {
  const bool same = check(x, y, border, data_range);
  if (!at::GradMode::is_enabled()) {
    at::AutoDispatchBelowADInplaceOrView below;
    return std::get<0>(call_forward(x, y, same, data_range, {false, false}));
  }
  return Similarity::apply(x, y, same, data_range);
}

at::Tensor plain(const at::Tensor& x, const at::Tensor& y, c10::string_view border, double data_range) {
  return std::get<0>(call_forward(x, y, check(x, y, border, data_range), data_range, {false, false}));
}

at::Tensor backward(const at::Tensor& grad, const at::Tensor& gradient, at::ScalarType dtype) {
  return at::mul(gradient, grad.view({-1, 1, 1, 1})).to(dtype);
}

SsimForwardResult forward_cpu(
    const at::Tensor& x, const at::Tensor& y, bool same, double data_range, std::array<bool, 2> wanted) {
  return ssim_forward_with(cpu::ssim_forward, x, y, same, data_range, wanted);
}

}  // namespace

at::Tensor ssim(const at::Tensor& x, const at::Tensor& y, const std::string& border, double data_range) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow(kName, "")
                             .typed<at::Tensor(const at::Tensor&, const at::Tensor&, c10::string_view, double)>();
  return op.call(x, y, border, data_range);
}

TORCH_LIBRARY_FRAGMENT(dsvlm, library) {
  library.def("ssim(Tensor x, Tensor y, str border=\"valid\", float data_range=1.0) -> Tensor");
  library.def(
      "_ssim_forward(Tensor x, Tensor y, bool same, float data_range, bool[2] wanted) -> "
      "(Tensor output, Tensor x, Tensor y)");
  library.def("_ssim_backward(Tensor grad, Tensor gradient, ScalarType dtype) -> Tensor");
}

TORCH_LIBRARY_IMPL(dsvlm, Autograd, library) { library.impl("ssim", differentiable); }

TORCH_LIBRARY_IMPL(dsvlm, CompositeExplicitAutograd, library) {
  library.impl("ssim", plain);
  library.impl("_ssim_backward", backward);
}

TORCH_LIBRARY_IMPL(dsvlm, CPU, library) { library.impl("_ssim_forward", forward_cpu); }

}  // namespace dsvlm
