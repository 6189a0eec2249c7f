/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/perceptual_distance.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "ops/checks.h"
#include "ops/once_differentiable.h"
#include "ops/perceptual_distance_internal.h"

namespace dsvlm {
namespace {

constexpr const char* kName = "dsvlm::perceptual_distance";

void check(const at::Tensor& features, const at::Tensor& target, const at::Tensor& weights) {
  const Checks checks(kName);
  checks.defined("features", features);
  checks.defined("target", target);
  checks.defined("weights", weights);
  checks.floating("features", features);
  checks.shape("features", features, "[batch, channels, height, width]", {-1, -1, -1, -1});
  checks.shape("target", target, "shaped like features,", features.sizes());
  checks.like("target", target, "features", features);
  checks.shape("weights", weights, "[channels]", {features.size(1)});
  checks.like("weights", weights, "features", features);
}

at::Tensor call_forward(const at::Tensor& features, const at::Tensor& target, const at::Tensor& weights) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("dsvlm::_perceptual_distance_forward", "")
                             .typed<PerceptualForwardSignature>();
  return op.call(features, target, weights);
}

PerceptualBackwardResult call_backward(
    const at::Tensor& grad, const at::Tensor& features, const at::Tensor& target, const at::Tensor& weights,
    std::array<bool, 3> wanted) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("dsvlm::_perceptual_distance_backward", "")
                             .typed<PerceptualBackwardSignature>();
  return op.call(grad, features, target, weights, wanted);
}

struct Distance : public torch::autograd::Function<Distance> {
  static at::Tensor forward(
      torch::autograd::AutogradContext* context, const at::Tensor& features, const at::Tensor& target,
      const at::Tensor& weights) {
    at::AutoDispatchBelowADInplaceOrView below;
    context->save_for_backward({features, target, weights});
    return call_forward(features, target, weights);
  }

  static torch::autograd::variable_list backward(
      torch::autograd::AutogradContext* context, const torch::autograd::variable_list& grads) {
    const auto saved = context->get_saved_variables();
    auto [grad_features, grad_target, grad_weights] = call_backward(
        grads[0], saved[0], saved[1], saved[2],
        {context->needs_input_grad(0), context->needs_input_grad(1), context->needs_input_grad(2)});
    return {grad_features, grad_target, grad_weights};
  }
};

at::Tensor differentiable(const at::Tensor& features, const at::Tensor& target, const at::Tensor& weights) {
  check(features, target, weights);
  return Distance::apply(features, target, weights);
}

at::Tensor plain(const at::Tensor& features, const at::Tensor& target, const at::Tensor& weights) {
  check(features, target, weights);
  return call_forward(features, target, weights);
}

PerceptualBackwardResult once(
    const at::Tensor& grad, const at::Tensor& features, const at::Tensor& target, const at::Tensor& weights,
    std::array<bool, 3> wanted) {
  refuse_double_backward(kName, grad, features, target, weights);
  at::AutoDispatchBelowADInplaceOrView below;
  return call_backward(grad, features, target, weights, wanted);
}

at::Tensor forward_cpu(const at::Tensor& features, const at::Tensor& target, const at::Tensor& weights) {
  return perceptual_forward_with(cpu::perceptual_distance_forward, features, target, weights);
}

PerceptualBackwardResult backward_cpu(
    const at::Tensor& grad, const at::Tensor& features, const at::Tensor& target, const at::Tensor& weights,
    std::array<bool, 3> wanted) {
  return perceptual_backward_with(cpu::perceptual_distance_backward, grad, features, target, weights, wanted);
}

}  // namespace

at::Tensor perceptual_distance(const at::Tensor& features, const at::Tensor& target, const at::Tensor& weights) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow(kName, "")
                             .typed<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&)>();
  return op.call(features, target, weights);
}

TORCH_LIBRARY_FRAGMENT(dsvlm, library) {
  library.def("perceptual_distance(Tensor features, Tensor target, Tensor weights) -> Tensor");
  library.def("_perceptual_distance_forward(Tensor features, Tensor target, Tensor weights) -> Tensor");
  library.def(
      "_perceptual_distance_backward(Tensor grad, Tensor features, Tensor target, Tensor weights, "
      "bool[3] wanted) -> (Tensor features, Tensor target, Tensor weights)");
}

TORCH_LIBRARY_IMPL(dsvlm, Autograd, library) {
  library.impl("perceptual_distance", differentiable);
  library.impl("_perceptual_distance_backward", once);
}

TORCH_LIBRARY_IMPL(dsvlm, CompositeExplicitAutograd, library) { library.impl("perceptual_distance", plain); }

TORCH_LIBRARY_IMPL(dsvlm, CPU, library) {
  library.impl("_perceptual_distance_forward", forward_cpu);
  library.impl("_perceptual_distance_backward", backward_cpu);
}

}  // namespace dsvlm
