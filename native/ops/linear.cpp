/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// LibTorch gives float32 products to BLAS. That of the JAR is OpenBLAS, whose threads are its own: with more
// than one it competes with OpenMP's, so it is kept to one and large products leave the other cores idle.
// oneDNN is part of LibTorch too, serves its convolutions and bfloat16 products, and runs on OpenMP's threads.
#include "ops/linear.h"

#include <ATen/Context.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linear.h>
#include <c10/core/Scalar.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <string_view>

#include "ops/checks.h"
#include "ops/once_differentiable.h"

namespace dsvlm {
namespace {

constexpr const char* kName = "dsvlm::linear";

// Multiplications below which LibTorch's own way is taken. Fewer are not worth the call's preparation, and oneDNN
// keeps a program for each number of rows that it has met, up to a thousand: batches of sentences differ in it, so
// small models would hold more programs than weights.
constexpr int64_t kSmall = int64_t{1} << 27;

using Bias = std::optional<at::Tensor>;
using PointwiseSignature = at::Tensor(
    const at::Tensor&, const at::Tensor&, const Bias&, std::string_view, c10::List<std::optional<at::Scalar>>,
    std::optional<std::string_view>);

const std::optional<c10::TypedOperatorHandle<PointwiseSignature>>& pointwise() {
  static const auto op = []() -> std::optional<c10::TypedOperatorHandle<PointwiseSignature>> {
    const auto found = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
    return found ? std::make_optional(found->typed<PointwiseSignature>()) : std::nullopt;
  }();
  return op;
}

bool is_plain_float(const at::Tensor& tensor) {
  return tensor.is_cpu() && tensor.scalar_type() == at::kFloat && tensor.layout() == at::kStrided;
}

bool for_onednn(const at::Tensor& x, const at::Tensor& weight, const Bias& bias) {
  return is_plain_float(x) && is_plain_float(weight) && (!bias || is_plain_float(*bias)) && x.dim() >= 1 &&
         weight.dim() == 2 && x.size(-1) == weight.size(1) && (!bias || bias->sizes() == weight.sizes().slice(0, 1)) &&
         x.numel() * weight.size(0) >= kSmall && at::globalContext().userEnabledMkldnn() && pointwise();
}

at::Tensor product(const at::Tensor& x, const at::Tensor& weight, const Bias& bias) {
  at::AutoDispatchBelowADInplaceOrView below;
  return pointwise()->call(x, weight, bias, "none", c10::List<std::optional<at::Scalar>>(), std::nullopt);
}

at::Tensor in_rows(const at::Tensor& x) { return x.reshape({-1, x.size(-1)}); }

struct Linear : public torch::autograd::Function<Linear> {
  static at::Tensor forward(
      torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const Bias& bias) {
    context->save_for_backward({x, weight});
    context->saved_data["biased"] = bias.has_value();
    return product(x, weight, bias);
  }

  // Products again, by the same way: what is differentiated twice is differentiated here.
  static torch::autograd::variable_list backward(
      torch::autograd::AutogradContext* context, const torch::autograd::variable_list& grads) {
    const auto saved = context->get_saved_variables();
    at::Tensor grad_x, grad_weight, grad_bias;
    if (context->needs_input_grad(0)) {
      grad_x = dsvlm::linear(grads[0], saved[1].t(), std::nullopt);
    }
    if (context->needs_input_grad(1)) {
      grad_weight = dsvlm::linear(in_rows(grads[0]).t(), in_rows(saved[0]).t(), std::nullopt);
    }
    // An argument that is absent has no number.
    if (context->saved_data["biased"].toBool() && context->needs_input_grad(2)) {
      grad_bias = in_rows(grads[0]).sum(0);
    }
    return {grad_x, grad_weight, grad_bias};
  }
};

at::Tensor choose(const at::Tensor& x, const at::Tensor& weight, const Bias& bias) {
  if (!for_onednn(x, weight, bias)) {
    return at::linear(x, weight, bias);
  }
  const bool recorded =
      at::GradMode::is_enabled() && (needs_grad(x) || needs_grad(weight) || (bias && needs_grad(*bias)));
  return recorded ? Linear::apply(x, weight, bias) : product(x, weight, bias);
}

}  // namespace

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const Bias& bias) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow(kName, "")
                             .typed<at::Tensor(const at::Tensor&, const at::Tensor&, const Bias&)>();
  return op.call(x, weight, bias);
}

TORCH_LIBRARY_FRAGMENT(dsvlm, library) { library.def("linear(Tensor x, Tensor weight, Tensor? bias=None) -> Tensor"); }

TORCH_LIBRARY_IMPL(dsvlm, CompositeImplicitAutograd, library) { library.impl("linear", choose); }

}  // namespace dsvlm
