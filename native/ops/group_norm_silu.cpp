/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/group_norm_silu.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "ops/autocast.h"
#include "ops/checks.h"
#include "ops/group_norm_silu_internal.h"
#include "ops/once_differentiable.h"
#include "ops/op.h"

namespace dsvlm {

TORCH_LIBRARY_FRAGMENT(dsvlm, library) {
  library.def("group_norm_silu(Tensor input, Tensor weight, Tensor bias, int groups, float eps=1e-05) -> Tensor");
  library.def(
      "_group_norm_silu_forward(Tensor input, Tensor weight, Tensor bias, int groups, float eps) -> "
      "(Tensor output, Tensor mean, Tensor inverse_deviation)");
  library.def(
      "_group_norm_silu_backward(Tensor grad, Tensor input, Tensor weight, Tensor bias, Tensor mean, "
      "Tensor inverse_deviation, bool[3] wanted) -> (Tensor input, Tensor weight, Tensor bias)");
}

namespace {

constexpr const char* kName = "dsvlm::group_norm_silu";

const Op<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&, int64_t, double)> norm_op(kName);
const Op<GroupNormSiluForwardSignature> forward_op("dsvlm::_group_norm_silu_forward");
const Op<GroupNormSiluBackwardSignature> backward_op("dsvlm::_group_norm_silu_backward");

void check(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias, int64_t groups, double eps) {
  const Checks checks(kName);
  checks.defined("input", input);
  checks.defined("weight", weight);
  checks.defined("bias", bias);
  checks.floating("input", input);
  TORCH_CHECK(
      input.dim() >= 2, kName, ": input must be [batch, channels, ...], but has shape ",
      Checks::text(input.sym_sizes()));
  checks.shape("weight", weight, "[channels]", {input.sym_size(1)});
  checks.like("weight", weight, "input", input);
  checks.shape("bias", bias, "[channels]", {input.sym_size(1)});
  checks.like("bias", bias, "input", input);
  TORCH_CHECK(
      groups > 0 && input.sym_size(1) % groups == 0, kName, ": groups must divide the ", input.sym_size(1),
      " channels of input, but is ", groups);
  TORCH_CHECK(eps >= 0, kName, ": eps must not be negative, but is ", eps);
}

struct NormAndSilu : public torch::autograd::Function<NormAndSilu> {
  static at::Tensor forward(
      torch::autograd::AutogradContext* context, const at::Tensor& input, const at::Tensor& weight,
      const at::Tensor& bias, int64_t groups, double eps) {
    at::AutoDispatchBelowADInplaceOrView below;
    auto [output, mean, inverse_deviation] = forward_op(input, weight, bias, groups, eps);
    context->save_for_backward({input, weight, bias, mean, inverse_deviation});
    return output;
  }

  static torch::autograd::variable_list backward(
      torch::autograd::AutogradContext* context, const torch::autograd::variable_list& grads) {
    const auto saved = context->get_saved_variables();
    auto [grad_input, grad_weight, grad_bias] = backward_op(
        grads[0], saved[0], saved[1], saved[2], saved[3], saved[4],
        {context->needs_input_grad(0), context->needs_input_grad(1), context->needs_input_grad(2)});
    return {grad_input, grad_weight, grad_bias, at::Tensor(), at::Tensor()};
  }
};

at::Tensor differentiable(
    const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias, int64_t groups, double eps) {
  check(input, weight, bias, groups, eps);
  return NormAndSilu::apply(input, weight, bias, groups, eps);
}

at::Tensor plain(
    const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias, int64_t groups, double eps) {
  check(input, weight, bias, groups, eps);
  return std::get<0>(forward_op(input, weight, bias, groups, eps));
}

GroupNormSiluBackwardResult once(
    const at::Tensor& grad, const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
    const at::Tensor& mean, const at::Tensor& inverse_deviation, std::array<bool, 3> wanted) {
  refuse_double_backward(kName, grad, input, weight, bias);
  at::AutoDispatchBelowADInplaceOrView below;
  return backward_op(grad, input, weight, bias, mean, inverse_deviation, wanted);
}

// As LibTorch's norms.
template <c10::DeviceType DEVICE>
at::Tensor autocast(
    const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias, int64_t groups, double eps) {
  const Autocast cast(DEVICE);
  return norm_op(cast.full(input), cast.full(weight), cast.full(bias), groups, eps);
}

GroupNormSiluForwardResult forward_meta(
    const at::Tensor& input, const at::Tensor& /*weight*/, const at::Tensor& /*bias*/, int64_t groups, double /*eps*/) {
  return group_norm_silu_forward_outputs(input, groups);
}

GroupNormSiluBackwardResult backward_meta(
    const at::Tensor& /*grad*/, const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
    const at::Tensor& /*mean*/, const at::Tensor& /*inverse_deviation*/, std::array<bool, 3> wanted) {
  return group_norm_silu_backward_outputs(input, weight, bias, wanted);
}

GroupNormSiluForwardResult forward_cpu(
    const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias, int64_t groups, double eps) {
  return group_norm_silu_forward_with(cpu::group_norm_silu_forward, input, weight, bias, groups, eps);
}

GroupNormSiluBackwardResult backward_cpu(
    const at::Tensor& grad, const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
    const at::Tensor& mean, const at::Tensor& inverse_deviation, std::array<bool, 3> wanted) {
  return group_norm_silu_backward_with(
      cpu::group_norm_silu_backward, grad, input, weight, bias, mean, inverse_deviation, wanted);
}

}  // namespace

at::Tensor group_norm_silu(
    const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias, int64_t groups, double eps) {
  return norm_op(input, weight, bias, groups, eps);
}

TORCH_LIBRARY_IMPL(dsvlm, Autograd, library) {
  library.impl("group_norm_silu", differentiable);
  library.impl("_group_norm_silu_backward", once);
}

TORCH_LIBRARY_IMPL(dsvlm, CompositeExplicitAutograd, library) { library.impl("group_norm_silu", plain); }

TORCH_LIBRARY_IMPL(dsvlm, AutocastCPU, library) { library.impl("group_norm_silu", autocast<at::kCPU>); }

TORCH_LIBRARY_IMPL(dsvlm, AutocastCUDA, library) { library.impl("group_norm_silu", autocast<at::kCUDA>); }

TORCH_LIBRARY_IMPL(dsvlm, Meta, library) {
  library.impl("_group_norm_silu_forward", forward_meta);
  library.impl("_group_norm_silu_backward", backward_meta);
}

TORCH_LIBRARY_IMPL(dsvlm, CPU, library) {
  library.impl("_group_norm_silu_forward", forward_cpu);
  library.impl("_group_norm_silu_backward", backward_cpu);
}

}  // namespace dsvlm
