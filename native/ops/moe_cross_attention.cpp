/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/moe_cross_attention.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <cmath>
#include <utility>

#include "ops/autocast.h"
#include "ops/checks.h"
#include "ops/moe_cross_attention_internal.h"
#include "ops/once_differentiable.h"
#include "ops/op.h"

namespace dsvlm {

TORCH_LIBRARY_FRAGMENT(dsvlm, library) {
  library.def(
      "moe_cross_attention(Tensor query, Tensor[] keys, Tensor[] values, Tensor router_probabilities, "
      "float? scale=None) -> Tensor");
  library.def(
      "_moe_cross_attention_forward(Tensor query, Tensor[] keys, Tensor[] values, Tensor router_probabilities, "
      "float scale, bool keep_context_outputs) -> (Tensor output, Tensor logsumexp, Tensor context_outputs)");
  library.def(
      "_moe_cross_attention_backward(Tensor grad, Tensor query, Tensor[] keys, Tensor[] values, "
      "Tensor router_probabilities, Tensor logsumexp, Tensor context_outputs, float scale) -> "
      "(Tensor query, Tensor[] keys, Tensor[] values, Tensor router_probabilities)");
}

namespace {

constexpr const char* kName = "dsvlm::moe_cross_attention";

using Signature =
    at::Tensor(const at::Tensor&, at::TensorList, at::TensorList, const at::Tensor&, std::optional<double>);

const Op<Signature> attention_op(kName);
const Op<MoeForwardSignature> forward_op("dsvlm::_moe_cross_attention_forward");
const Op<MoeBackwardSignature> backward_op("dsvlm::_moe_cross_attention_backward");

void check_context(const std::string& name, const at::Tensor& context, const at::Tensor& query, c10::SymInt tokens) {
  const Checks checks(kName);
  checks.defined(name.c_str(), context);
  checks.shape(
      name, context, "[batch, tokens, heads, head_dim]",
      {query.sym_size(0), std::move(tokens), query.sym_size(2), query.sym_size(3)});
  checks.like(name, context, "query", query);
  TORCH_CHECK(context.sym_size(1) > 0, kName, ": ", name, " has no tokens");
}

void check(const at::Tensor& query, at::TensorList keys, at::TensorList values, const at::Tensor& router) {
  const Checks checks(kName);
  TORCH_CHECK(
      !keys.empty() && keys.size() <= kMaxExperts, kName, ": keys must hold 1 to ", kMaxExperts,
      " contexts, but holds ", keys.size());
  TORCH_CHECK(
      values.size() == keys.size(), kName, ": values holds ", values.size(), " contexts, but keys holds ", keys.size());
  checks.defined("query", query);
  checks.floating("query", query);
  checks.shape("query", query, "[batch, queries, heads, head_dim]", {-1, -1, -1, -1});
  TORCH_CHECK(query.sym_size(3) > 0, kName, ": query has a head_dim of 0");
  for (size_t e = 0; e < keys.size(); ++e) {
    check_context("keys[" + std::to_string(e) + "]", keys[e], query, -1);
    check_context("values[" + std::to_string(e) + "]", values[e], query, keys[e].sym_size(1));
  }
  checks.defined("router_probabilities", router);
  checks.shape(
      "router_probabilities", router, "[batch, contexts]", {query.sym_size(0), static_cast<int64_t>(keys.size())});
  checks.like("router_probabilities", router, "query", query);
}

// A number, not a tensor: torch.compile compiles anew for another head_dim.
double scale_of(const at::Tensor& query, std::optional<double> scale) {
  return scale ? *scale : 1.0 / std::sqrt(static_cast<double>(query.sym_size(3).guard_int(__FILE__, __LINE__)));
}

struct Attention : public torch::autograd::Function<Attention> {
  static at::Tensor forward(
      torch::autograd::AutogradContext* context, const at::Tensor& query, at::TensorList keys, at::TensorList values,
      const at::Tensor& router, double scale, bool keep) {
    at::AutoDispatchBelowADInplaceOrView below;
    auto [output, logsumexp, context_outputs] = forward_op(query, keys, values, router, scale, keep);
    torch::autograd::variable_list saved{query, router, logsumexp, context_outputs};
    saved.insert(saved.end(), keys.begin(), keys.end());
    saved.insert(saved.end(), values.begin(), values.end());
    context->save_for_backward(saved);
    context->saved_data["scale"] = scale;
    return output;
  }

  static torch::autograd::variable_list backward(
      torch::autograd::AutogradContext* context, const torch::autograd::variable_list& grads) {
    const auto saved = context->get_saved_variables();
    const size_t experts = (saved.size() - 4) / 2;
    const auto contexts = at::TensorList(saved).slice(4);
    auto [grad_query, grad_keys, grad_values, grad_router] = backward_op(
        grads[0], saved[0], contexts.slice(0, experts), contexts.slice(experts), saved[1], saved[2], saved[3],
        context->saved_data["scale"].toDouble());
    torch::autograd::variable_list all{grad_query};
    all.insert(all.end(), grad_keys.begin(), grad_keys.end());
    all.insert(all.end(), grad_values.begin(), grad_values.end());
    all.push_back(grad_router);
    all.emplace_back();
    all.emplace_back();
    return all;
  }
};

at::Tensor differentiable(
    const at::Tensor& query, at::TensorList keys, at::TensorList values, const at::Tensor& router,
    std::optional<double> scale) {
  check(query, keys, values, router);
  const bool keep = query.is_cuda() && keeps_context_outputs(dtype_of(query)) && c10::GradMode::is_enabled();
  return Attention::apply(query, keys, values, router, scale_of(query, scale), keep);
}

at::Tensor plain(
    const at::Tensor& query, at::TensorList keys, at::TensorList values, const at::Tensor& router,
    std::optional<double> scale) {
  check(query, keys, values, router);
  return std::get<0>(forward_op(query, keys, values, router, scale_of(query, scale), /*keep_context_outputs=*/false));
}

MoeBackwardResult once(
    const at::Tensor& grad, const at::Tensor& query, at::TensorList keys, at::TensorList values,
    const at::Tensor& router, const at::Tensor& logsumexp, const at::Tensor& context_outputs, double scale) {
  refuse_double_backward(kName, grad, query, keys, values, router);
  at::AutoDispatchBelowADInplaceOrView below;
  return backward_op(grad, query, keys, values, router, logsumexp, context_outputs, scale);
}

// As LibTorch's attention.
template <c10::DeviceType DEVICE>
at::Tensor autocast(
    const at::Tensor& query, at::TensorList keys, at::TensorList values, const at::Tensor& router,
    std::optional<double> scale) {
  const Autocast cast(DEVICE);
  return attention_op(cast.lower(query), cast.lower(keys), cast.lower(values), cast.lower(router), scale);
}

MoeForwardResult forward_meta(
    const at::Tensor& query, at::TensorList keys, at::TensorList /*values*/, const at::Tensor& /*router*/,
    double /*scale*/, bool keep) {
  return moe_forward_outputs(query, keys, keep);
}

MoeBackwardResult backward_meta(
    const at::Tensor& /*grad*/, const at::Tensor& query, at::TensorList keys, at::TensorList values,
    const at::Tensor& router, const at::Tensor& /*logsumexp*/, const at::Tensor& /*context_outputs*/,
    double /*scale*/) {
  return moe_backward_outputs(empty_contiguous, query, keys, values, router);
}

MoeForwardResult forward_cpu(
    const at::Tensor& query, at::TensorList keys, at::TensorList values, const at::Tensor& router, double scale,
    bool keep) {
  TORCH_CHECK(!keep, kName, ": the CPU's backward needs no outputs of each context, and none are kept");
  return moe_forward_with(cpu::moe_cross_attention_forward, query, keys, values, router, scale, keep);
}

MoeBackwardResult backward_cpu(
    const at::Tensor& grad, const at::Tensor& query, at::TensorList keys, at::TensorList values,
    const at::Tensor& router, const at::Tensor& logsumexp, const at::Tensor& context_outputs, double scale) {
  return moe_backward_with(
      cpu::moe_cross_attention_backward, grad, query, keys, values, router, logsumexp, context_outputs, scale);
}

}  // namespace

at::Tensor moe_cross_attention(
    const at::Tensor& query, const std::vector<at::Tensor>& keys, const std::vector<at::Tensor>& values,
    const at::Tensor& router_probabilities, std::optional<double> scale) {
  return attention_op(query, keys, values, router_probabilities, scale);
}

TORCH_LIBRARY_IMPL(dsvlm, Autograd, library) {
  library.impl("moe_cross_attention", differentiable);
  library.impl("_moe_cross_attention_backward", once);
}

TORCH_LIBRARY_IMPL(dsvlm, CompositeExplicitAutograd, library) { library.impl("moe_cross_attention", plain); }

TORCH_LIBRARY_IMPL(dsvlm, AutocastCPU, library) { library.impl("moe_cross_attention", autocast<at::kCPU>); }

TORCH_LIBRARY_IMPL(dsvlm, AutocastCUDA, library) { library.impl("moe_cross_attention", autocast<at::kCUDA>); }

TORCH_LIBRARY_IMPL(dsvlm, Meta, library) {
  library.impl("_moe_cross_attention_forward", forward_meta);
  library.impl("_moe_cross_attention_backward", backward_meta);
}

TORCH_LIBRARY_IMPL(dsvlm, CPU, library) {
  library.impl("_moe_cross_attention_forward", forward_cpu);
  library.impl("_moe_cross_attention_backward", backward_cpu);
}

}  // namespace dsvlm
