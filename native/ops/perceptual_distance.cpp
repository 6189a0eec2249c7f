/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/perceptual_distance.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "ops/autocast.h"
#include "ops/checks.h"
#include "ops/once_differentiable.h"
#include "ops/op.h"
#include "ops/perceptual_distance_internal.h"

namespace dsvlm {

TORCH_LIBRARY_FRAGMENT(dsvlm, library) {
  library.def("perceptual_distance(Tensor features, Tensor target, Tensor weights) -> Tensor");
  library.def("_perceptual_distance_forward(Tensor features, Tensor target, Tensor weights) -> Tensor");
  library.def(
      "_perceptual_distance_backward(Tensor grad, Tensor features, Tensor target, Tensor weights, "
      "bool[3] wanted) -> (Tensor features, Tensor target, Tensor weights)");
}

namespace {

constexpr const char* kName = "dsvlm::perceptual_distance";

const Op<PerceptualForwardSignature> distance_op(kName);
const Op<PerceptualForwardSignature> forward_op("dsvlm::_perceptual_distance_forward");
const Op<PerceptualBackwardSignature> backward_op("dsvlm::_perceptual_distance_backward");

void check(const at::Tensor& features, const at::Tensor& target, const at::Tensor& weights) {
  const Checks checks(kName);
  checks.defined("features", features);
  checks.defined("target", target);
  checks.defined("weights", weights);
  checks.floating("features", features);
  checks.shape("features", features, "[batch, channels, height, width]", {-1, -1, -1, -1});
  checks.shape("target", target, "shaped like features,", features.sym_sizes());
  checks.like("target", target, "features", features);
  checks.shape("weights", weights, "[channels]", {features.sym_size(1)});
  checks.like("weights", weights, "features", features);
}

struct Distance : public torch::autograd::Function<Distance> {
  static at::Tensor forward(
      torch::autograd::AutogradContext* context, const at::Tensor& features, const at::Tensor& target,
      const at::Tensor& weights) {
    at::AutoDispatchBelowADInplaceOrView below;
    context->save_for_backward({features, target, weights});
    return forward_op(features, target, weights);
  }

  static torch::autograd::variable_list backward(
      torch::autograd::AutogradContext* context, const torch::autograd::variable_list& grads) {
    const auto saved = context->get_saved_variables();
    auto [grad_features, grad_target, grad_weights] = backward_op(
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
  return forward_op(features, target, weights);
}

PerceptualBackwardResult once(
    const at::Tensor& grad, const at::Tensor& features, const at::Tensor& target, const at::Tensor& weights,
    std::array<bool, 3> wanted) {
  refuse_double_backward(kName, grad, features, target, weights);
  at::AutoDispatchBelowADInplaceOrView below;
  return backward_op(grad, features, target, weights, wanted);
}

// As LibTorch's losses.
template <c10::DeviceType DEVICE>
at::Tensor autocast(const at::Tensor& features, const at::Tensor& target, const at::Tensor& weights) {
  const Autocast cast(DEVICE);
  return distance_op(cast.full(features), cast.full(target), cast.full(weights));
}

at::Tensor forward_meta(const at::Tensor& features, const at::Tensor& /*target*/, const at::Tensor& /*weights*/) {
  return perceptual_forward_output(features);
}

PerceptualBackwardResult backward_meta(
    const at::Tensor& /*grad*/, const at::Tensor& features, const at::Tensor& target, const at::Tensor& weights,
    std::array<bool, 3> wanted) {
  return perceptual_backward_outputs(features, target, weights, wanted);
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
  return distance_op(features, target, weights);
}

TORCH_LIBRARY_IMPL(dsvlm, Autograd, library) {
  library.impl("perceptual_distance", differentiable);
  library.impl("_perceptual_distance_backward", once);
}

TORCH_LIBRARY_IMPL(dsvlm, CompositeExplicitAutograd, library) { library.impl("perceptual_distance", plain); }

TORCH_LIBRARY_IMPL(dsvlm, AutocastCPU, library) { library.impl("perceptual_distance", autocast<at::kCPU>); }

TORCH_LIBRARY_IMPL(dsvlm, AutocastCUDA, library) { library.impl("perceptual_distance", autocast<at::kCUDA>); }

TORCH_LIBRARY_IMPL(dsvlm, Meta, library) {
  library.impl("_perceptual_distance_forward", forward_meta);
  library.impl("_perceptual_distance_backward", backward_meta);
}

TORCH_LIBRARY_IMPL(dsvlm, CPU, library) {
  library.impl("_perceptual_distance_forward", forward_cpu);
  library.impl("_perceptual_distance_backward", backward_cpu);
}

}  // namespace dsvlm
