/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/ssim.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
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

at::Tensor call_forward(const at::Tensor& x, const at::Tensor& y, bool same, double data_range) {
  static const auto op =
      c10::Dispatcher::singleton().findSchemaOrThrow("dsvlm::_ssim_forward", "").typed<SsimForwardSignature>();
  return op.call(x, y, same, data_range);
}

SsimBackwardResult call_backward(
    const at::Tensor& grad, const at::Tensor& x, const at::Tensor& y, bool same, double data_range,
    std::array<bool, 2> wanted) {
  static const auto op =
      c10::Dispatcher::singleton().findSchemaOrThrow("dsvlm::_ssim_backward", "").typed<SsimBackwardSignature>();
  return op.call(grad, x, y, same, data_range, wanted);
}

struct Similarity : public torch::autograd::Function<Similarity> {
  static at::Tensor forward(
      torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& y, bool same,
      double data_range) {
    at::AutoDispatchBelowADInplaceOrView below;
    context->save_for_backward({x, y});
    context->saved_data["same"] = same;
    context->saved_data["data_range"] = data_range;
    return call_forward(x, y, same, data_range);
  }

  static torch::autograd::variable_list backward(
      torch::autograd::AutogradContext* context, const torch::autograd::variable_list& grads) {
    const auto saved = context->get_saved_variables();
    auto [grad_x, grad_y] = call_backward(
        grads[0], saved[0], saved[1], context->saved_data["same"].toBool(),
        context->saved_data["data_range"].toDouble(),
        {context->needs_input_grad(0), context->needs_input_grad(1)});
    return {grad_x, grad_y, at::Tensor(), at::Tensor()};
  }
};

at::Tensor differentiable(const at::Tensor& x, const at::Tensor& y, c10::string_view border, double data_range) {
  return Similarity::apply(x, y, check(x, y, border, data_range), data_range);
}

at::Tensor plain(const at::Tensor& x, const at::Tensor& y, c10::string_view border, double data_range) {
  return call_forward(x, y, check(x, y, border, data_range), data_range);
}

SsimBackwardResult once(
    const at::Tensor& grad, const at::Tensor& x, const at::Tensor& y, bool same, double data_range,
    std::array<bool, 2> wanted) {
  refuse_double_backward(kName, grad, x, y);
  at::AutoDispatchBelowADInplaceOrView below;
  return call_backward(grad, x, y, same, data_range, wanted);
}

at::Tensor forward_cpu(const at::Tensor& x, const at::Tensor& y, bool same, double data_range) {
  return ssim_forward_with(cpu::ssim_forward, x, y, same, data_range);
}

SsimBackwardResult backward_cpu(
    const at::Tensor& grad, const at::Tensor& x, const at::Tensor& y, bool same, double data_range,
    std::array<bool, 2> wanted) {
  return ssim_backward_with(cpu::ssim_backward, grad, x, y, same, data_range, wanted);
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
  library.def("_ssim_forward(Tensor x, Tensor y, bool same, float data_range) -> Tensor");
  library.def(
      "_ssim_backward(Tensor grad, Tensor x, Tensor y, bool same, float data_range, bool[2] wanted) -> "
      "(Tensor x, Tensor y)");
}

TORCH_LIBRARY_IMPL(dsvlm, Autograd, library) {
  library.impl("ssim", differentiable);
  library.impl("_ssim_backward", once);
}

TORCH_LIBRARY_IMPL(dsvlm, CompositeExplicitAutograd, library) { library.impl("ssim", plain); }

TORCH_LIBRARY_IMPL(dsvlm, CPU, library) {
  library.impl("_ssim_forward", forward_cpu);
  library.impl("_ssim_backward", backward_cpu);
}

}  // namespace dsvlm
