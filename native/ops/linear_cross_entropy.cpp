/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// See ops/linear_cross_entropy_internal.h.
#include "ops/linear_cross_entropy.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/sub.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "ops/autocast.h"
#include "ops/checks.h"
#include "ops/linear_cross_entropy_internal.h"
#include "ops/once_differentiable.h"
#include "ops/op.h"

namespace dsvlm {

TORCH_LIBRARY_FRAGMENT(dsvlm, library) {
  library.def("linear_cross_entropy(Tensor hidden_states, Tensor weight, Tensor labels, int chunk_rows=0) -> Tensor");
  library.def(
      "_linear_cross_entropy_forward(Tensor hidden_states, Tensor weight, Tensor labels, int chunk_rows, "
      "bool[2] wanted) -> (Tensor loss, Tensor hidden_states, Tensor weight)");
}

namespace {

constexpr const char* kName = "dsvlm::linear_cross_entropy";

// Logits in memory at a time: enough rows for an efficient product, 64 MiB in float32.
constexpr int64_t kChunkLogits = int64_t{1} << 24;

// Classes whose weights' gradient is computed at a time.
constexpr int64_t kBlockClasses = 8192;

using Result = LinearCrossEntropyResult;
using ForwardSignature = Result(const at::Tensor&, const at::Tensor&, const at::Tensor&, int64_t, std::array<bool, 2>);

const Op<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&, int64_t)> loss_op(kName);
const Op<ForwardSignature> forward_op("dsvlm::_linear_cross_entropy_forward");

void check(const at::Tensor& hidden_states, const at::Tensor& weight, const at::Tensor& labels, int64_t chunk_rows) {
  const Checks checks(kName);
  checks.defined("hidden_states", hidden_states);
  checks.defined("weight", weight);
  checks.defined("labels", labels);
  TORCH_CHECK(
      hidden_states.is_floating_point(), kName, ": hidden_states must be of a floating-point type, but is ",
      Checks::type_name(hidden_states.scalar_type()));
  checks.shape("hidden_states", hidden_states, "[rows, width]", {-1, -1});
  checks.shape("weight", weight, "[classes, width]", {-1, hidden_states.sym_size(1)});
  checks.shape("labels", labels, "[rows]", {hidden_states.sym_size(0)});
  checks.like("weight", weight, "hidden_states", hidden_states);
  TORCH_CHECK(
      labels.scalar_type() == at::kLong, kName, ": labels must be int64, but is ",
      Checks::type_name(labels.scalar_type()));
  TORCH_CHECK(
      labels.device() == hidden_states.device(), kName, ": labels is on ", labels.device().str(),
      ", but hidden_states is on ", hidden_states.device().str());
  TORCH_CHECK(labels.sym_numel() > 0, kName, ": labels is empty; the mean of no rows is not defined");
  TORCH_CHECK(weight.sym_size(0) > 0, kName, ": weight has no classes");
  TORCH_CHECK(chunk_rows >= 0, kName, ": chunk_rows must not be negative, but is ", chunk_rows);
}

RowsLoss rows_loss(at::Tensor logits, const at::Tensor& labels, double scale, bool gradient) {
  const at::ScalarType dtype = logits.scalar_type();
  const at::Tensor targets = labels.unsqueeze(1);
  logits = logits.to(accumulator_of(logits));
  const at::Tensor normaliser = at::logsumexp(logits, {1}, true);
  const at::Tensor losses = at::sub(normaliser, logits.gather(1, targets)).sum();
  if (!gradient) {
    return {losses, at::Tensor()};
  }
  logits.sub_(normaliser).exp_().scatter_add_(1, targets, at::ones_like(normaliser).neg_());
  return {losses, logits.mul_(scale).to(dtype)};
}

Result forward(
    const at::Tensor& hidden_states, const at::Tensor& weight, const at::Tensor& labels, int64_t chunk_rows,
    std::array<bool, 2> wanted) {
  return linear_cross_entropy_forward_with(
      rows_loss, kChunkLogits, kBlockClasses, hidden_states, weight, labels, chunk_rows, wanted);
}

// What forward makes, without doing it.
Result forward_meta(
    const at::Tensor& hidden_states, const at::Tensor& weight, const at::Tensor& /*labels*/, int64_t /*chunk_rows*/,
    std::array<bool, 2> wanted) {
  const auto make = [](bool is_wanted, const at::Tensor& like) {
    return is_wanted ? at::empty_like(like, at::MemoryFormat::Contiguous) : at::Tensor();
  };
  return {
      at::empty({}, hidden_states.options().dtype(accumulator_of(hidden_states))), make(wanted[0], hidden_states),
      make(wanted[1], weight)};
}

struct LinearCrossEntropy : public torch::autograd::Function<LinearCrossEntropy> {
  static at::Tensor forward(
      torch::autograd::AutogradContext* context, const at::Tensor& hidden_states, const at::Tensor& weight,
      const at::Tensor& labels, int64_t chunk_rows) {
    const std::array<bool, 2> wanted = {hidden_states.requires_grad(), weight.requires_grad()};
    at::AutoDispatchBelowADInplaceOrView below;
    auto [loss, grad_hidden, grad_weight] = forward_op(hidden_states, weight, labels, chunk_rows, wanted);
    context->save_for_backward({grad_hidden, grad_weight});
    return loss;
  }

  static torch::autograd::variable_list backward(
      torch::autograd::AutogradContext* context, const torch::autograd::variable_list& grads) {
    refuse_double_backward_of_kept_gradient(kName);
    const auto saved = context->get_saved_variables();
    const auto scaled = [&](const at::Tensor& gradient) {
      return gradient.defined() ? at::mul(gradient, grads[0]) : at::Tensor();
    };
    return {scaled(saved[0]), scaled(saved[1]), at::Tensor(), at::Tensor()};
  }
};

at::Tensor plain(
    const at::Tensor& hidden_states, const at::Tensor& weight, const at::Tensor& labels, int64_t chunk_rows) {
  check(hidden_states, weight, labels, chunk_rows);
  return std::get<0>(forward_op(hidden_states, weight, labels, chunk_rows, {false, false}));
}

at::Tensor differentiable(
    const at::Tensor& hidden_states, const at::Tensor& weight, const at::Tensor& labels, int64_t chunk_rows) {
  if (!at::GradMode::is_enabled()) {
    at::AutoDispatchBelowADInplaceOrView below;
    return plain(hidden_states, weight, labels, chunk_rows);
  }
  check(hidden_states, weight, labels, chunk_rows);
  return LinearCrossEntropy::apply(hidden_states, weight, labels, chunk_rows);
}

// As LibTorch's linear: the loss is computed in float32 from lower types.
template <c10::DeviceType DEVICE>
at::Tensor autocast(
    const at::Tensor& hidden_states, const at::Tensor& weight, const at::Tensor& labels, int64_t chunk_rows) {
  const Autocast cast(DEVICE);
  return loss_op(cast.lower(hidden_states), cast.lower(weight), labels, chunk_rows);
}

}  // namespace

at::Tensor linear_cross_entropy(
    const at::Tensor& hidden_states, const at::Tensor& weight, const at::Tensor& labels, int64_t chunk_rows) {
  return loss_op(hidden_states, weight, labels, chunk_rows);
}

TORCH_LIBRARY_IMPL(dsvlm, Autograd, library) { library.impl("linear_cross_entropy", differentiable); }

TORCH_LIBRARY_IMPL(dsvlm, AutocastCPU, library) { library.impl("linear_cross_entropy", autocast<at::kCPU>); }

TORCH_LIBRARY_IMPL(dsvlm, AutocastCUDA, library) { library.impl("linear_cross_entropy", autocast<at::kCUDA>); }

TORCH_LIBRARY_IMPL(dsvlm, Meta, library) { library.impl("_linear_cross_entropy_forward", forward_meta); }

TORCH_LIBRARY_IMPL(dsvlm, CompositeExplicitAutograd, library) {
  library.impl("linear_cross_entropy", plain);
  library.impl("_linear_cross_entropy_forward", forward);
}

}  // namespace dsvlm
