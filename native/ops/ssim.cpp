/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/ssim.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/mul.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <cmath>

#include "ops/autocast.h"
#include "ops/checks.h"
#include "ops/once_differentiable.h"
#include "ops/op.h"
#include "ops/ssim_internal.h"

namespace dsvlm {

TORCH_LIBRARY_FRAGMENT(dsvlm, library) {
  library.def("ssim(Tensor x, Tensor y, str border=\"valid\", float data_range=1.0) -> Tensor");
  library.def(
      "ssim_l1(Tensor x, Tensor y, float similarity_weight, float difference_weight, str border=\"valid\", "
      "float data_range=1.0) -> Tensor");
  library.def(
      "_ssim_forward(Tensor x, Tensor y, bool same, float data_range, float[] terms, bool[2] wanted) -> "
      "(Tensor output, Tensor x, Tensor y)");
  library.def("_ssim_backward(Tensor grad, Tensor gradient, ScalarType dtype) -> Tensor");
}

namespace {

constexpr const char* kName = "dsvlm::ssim";
constexpr const char* kJointName = "dsvlm::ssim_l1";

using BackwardSignature = at::Tensor(const at::Tensor&, const at::Tensor&, at::ScalarType);

const Op<at::Tensor(const at::Tensor&, const at::Tensor&, c10::string_view, double)> similarity_op(kName);
const Op<at::Tensor(const at::Tensor&, const at::Tensor&, double, double, c10::string_view, double)> joint_op(
    kJointName);
const Op<SsimForwardSignature> forward_op("dsvlm::_ssim_forward");
const Op<BackwardSignature> backward_op("dsvlm::_ssim_backward");

using Terms = std::array<double, 3>;  // of SsimTerms

constexpr Terms kSimilarity = {0, 1, 0};

Terms joint_terms(double similarity_weight, double difference_weight) {
  TORCH_CHECK(
      std::isfinite(similarity_weight) && std::isfinite(difference_weight), kJointName,
      ": similarity_weight and difference_weight must be finite, but are ", similarity_weight, " and ",
      difference_weight);
  return {similarity_weight, -similarity_weight, difference_weight};
}

// Returns whether the border is "same".
bool check(const char* name, const at::Tensor& x, const at::Tensor& y, c10::string_view border, double data_range) {
  const Checks checks(name);
  checks.defined("x", x);
  checks.defined("y", y);
  checks.floating("x", x);
  checks.shape("x", x, "[batch, channels, height, width]", {-1, -1, -1, -1});
  checks.shape("y", y, "shaped like x,", x.sym_sizes());
  checks.like("y", y, "x", x);
  TORCH_CHECK(data_range > 0, name, ": data_range must be positive, but is ", data_range);
  const bool same = border == "same";
  TORCH_CHECK(same || border == "valid", name, ": border must be 'valid' or 'same', but is '", border, "'");
  TORCH_CHECK(
      same || (x.sym_size(2) >= kSsimWindow && x.sym_size(3) >= kSsimWindow), name,
      ": border 'valid' needs pictures of at least 11x11, but x has shape ", Checks::text(x.sym_sizes()));
  return same;
}

// Value and gradients are one pass over the pictures: the forward keeps the gradients of the similarities,
// which are all that the backward has to scale.
struct Similarity : public torch::autograd::Function<Similarity> {
  static at::Tensor forward(
      torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& y, bool same, double data_range,
      const Terms& terms) {
    const std::array<bool, 2> wanted = {x.requires_grad(), y.requires_grad()};
    at::AutoDispatchBelowADInplaceOrView below;
    auto [output, grad_x, grad_y] = forward_op(x, y, same, data_range, terms, wanted);
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
      return gradient.defined() ? backward_op(grads[0], gradient, dtype) : at::Tensor();
    };
    return {scaled(saved[0]), scaled(saved[1]), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

at::Tensor plain_with(const at::Tensor& x, const at::Tensor& y, bool same, double data_range, const Terms& terms) {
  return std::get<0>(forward_op(x, y, same, data_range, terms, {false, false}));
}

at::Tensor differentiable_with(
    const at::Tensor& x, const at::Tensor& y, bool same, double data_range, const Terms& terms) {
  if (!at::GradMode::is_enabled()) {
    at::AutoDispatchBelowADInplaceOrView below;
    return plain_with(x, y, same, data_range, terms);
  }
  return Similarity::apply(x, y, same, data_range, terms);
}

using Implementation = at::Tensor(const at::Tensor&, const at::Tensor&, bool, double, const Terms&);

template <Implementation COMPUTE>
at::Tensor ssim_by(const at::Tensor& x, const at::Tensor& y, c10::string_view border, double data_range) {
  return COMPUTE(x, y, check(kName, x, y, border, data_range), data_range, kSimilarity);
}

template <Implementation COMPUTE>
at::Tensor ssim_l1_by(
    const at::Tensor& x, const at::Tensor& y, double similarity_weight, double difference_weight,
    c10::string_view border, double data_range) {
  const bool same = check(kJointName, x, y, border, data_range);
  return COMPUTE(x, y, same, data_range, joint_terms(similarity_weight, difference_weight));
}

at::Tensor backward(const at::Tensor& grad, const at::Tensor& gradient, at::ScalarType dtype) {
  return at::mul(gradient, grad.view({-1, 1, 1, 1})).to(dtype);
}

// As LibTorch's losses.
template <c10::DeviceType DEVICE>
at::Tensor ssim_autocast(const at::Tensor& x, const at::Tensor& y, c10::string_view border, double data_range) {
  const Autocast cast(DEVICE);
  return similarity_op(cast.full(x), cast.full(y), border, data_range);
}

template <c10::DeviceType DEVICE>
at::Tensor ssim_l1_autocast(
    const at::Tensor& x, const at::Tensor& y, double similarity_weight, double difference_weight,
    c10::string_view border, double data_range) {
  const Autocast cast(DEVICE);
  return joint_op(cast.full(x), cast.full(y), similarity_weight, difference_weight, border, data_range);
}

SsimForwardResult forward_meta(
    const at::Tensor& x, const at::Tensor& /*y*/, bool /*same*/, double /*data_range*/, at::ArrayRef<double> /*terms*/,
    std::array<bool, 2> wanted) {
  return ssim_forward_outputs(x, wanted);
}

SsimForwardResult forward_cpu(
    const at::Tensor& x, const at::Tensor& y, bool same, double data_range, at::ArrayRef<double> terms,
    std::array<bool, 2> wanted) {
  return ssim_forward_with(cpu::ssim_forward, x, y, same, data_range, terms, wanted);
}

}  // namespace

at::Tensor ssim(const at::Tensor& x, const at::Tensor& y, const std::string& border, double data_range) {
  return similarity_op(x, y, border, data_range);
}

at::Tensor ssim_l1(
    const at::Tensor& x, const at::Tensor& y, double similarity_weight, double difference_weight,
    const std::string& border, double data_range) {
  return joint_op(x, y, similarity_weight, difference_weight, border, data_range);
}

TORCH_LIBRARY_IMPL(dsvlm, Autograd, library) {
  library.impl("ssim", ssim_by<differentiable_with>);
  library.impl("ssim_l1", ssim_l1_by<differentiable_with>);
}

TORCH_LIBRARY_IMPL(dsvlm, CompositeExplicitAutograd, library) {
  library.impl("ssim", ssim_by<plain_with>);
  library.impl("ssim_l1", ssim_l1_by<plain_with>);
  library.impl("_ssim_backward", backward);
}

TORCH_LIBRARY_IMPL(dsvlm, AutocastCPU, library) {
  library.impl("ssim", ssim_autocast<at::kCPU>);
  library.impl("ssim_l1", ssim_l1_autocast<at::kCPU>);
}

TORCH_LIBRARY_IMPL(dsvlm, AutocastCUDA, library) {
  library.impl("ssim", ssim_autocast<at::kCUDA>);
  library.impl("ssim_l1", ssim_l1_autocast<at::kCUDA>);
}

TORCH_LIBRARY_IMPL(dsvlm, Meta, library) { library.impl("_ssim_forward", forward_meta); }

TORCH_LIBRARY_IMPL(dsvlm, CPU, library) { library.impl("_ssim_forward", forward_cpu); }

}  // namespace dsvlm
