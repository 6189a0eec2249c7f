/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/moe_cross_attention.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <cmath>

#include "ops/checks.h"
#include "ops/moe_cross_attention_internal.h"
#include "ops/once_differentiable.h"

namespace dsvlm {
namespace {

constexpr const char* kName = "dsvlm::moe_cross_attention";

void check_context(const std::string& name, const at::Tensor& context, const at::Tensor& query, int64_t tokens) {
  const Checks checks(kName);
  checks.defined(name.c_str(), context);
  checks.shape(
      name, context, "[batch, tokens, heads, head_dim]", {query.size(0), tokens, query.size(2), query.size(3)});
  checks.like(name, context, "query", query);
  TORCH_CHECK(context.size(1) > 0, kName, ": ", name, " has no tokens");
}

void check(const at::Tensor& query, at::TensorList keys, at::TensorList values, const at::Tensor& router) {
  const Checks checks(kName);
  TORCH_CHECK(
      !keys.empty() && keys.size() <= kMaxExperts, kName, ": keys must hold 1 to ", kMaxExperts,
      " contexts, but holds ", keys.size());
  TORCH_CHECK(
      values.size() == keys.size(), kName, ": values holds ", values.size(), " contexts, but keys holds ",
      keys.size());
  checks.defined("query", query);
  checks.floating("query", query);
  checks.shape("query", query, "[batch, queries, heads, head_dim]", {-1, -1, -1, -1});
  TORCH_CHECK(query.size(3) > 0, kName, ": query has a head_dim of 0");
  for (size_t e = 0; e < keys.size(); ++e) {
    check_context("keys[" + std::to_string(e) + "]", keys[e], query, -1);
    check_context("values[" + std::to_string(e) + "]", values[e], query, keys[e].size(1));
  }
  checks.defined("router_probabilities", router);
  checks.shape(
      "router_probabilities", router, "[batch, contexts]", {query.size(0), static_cast<int64_t>(keys.size())});
  checks.like("router_probabilities", router, "query", query);
}

MoeForwardResult call_forward(
    const at::Tensor& query, at::TensorList keys, at::TensorList values, const at::Tensor& router, double scale) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("dsvlm::_moe_cross_attention_forward", "")
                             .typed<MoeForwardSignature>();
  return op.call(query, keys, values, router, scale);
}

MoeBackwardResult call_backward(
    const at::Tensor& grad, const at::Tensor& query, at::TensorList keys, at::TensorList values,
    const at::Tensor& router, const at::Tensor& logsumexp, double scale) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("dsvlm::_moe_cross_attention_backward", "")
                             .typed<MoeBackwardSignature>();
  return op.call(grad, query, keys, values, router, logsumexp, scale);
}

double scale_of(const at::Tensor& query, std::optional<double> scale) {
  return scale.value_or(1.0 / std::sqrt(static_cast<double>(query.size(3))));
}

struct Attention : public torch::autograd::Function<Attention> {
  static at::Tensor forward(
      torch::autograd::AutogradContext* context, const at::Tensor& query, at::TensorList keys,
      at::TensorList values, const at::Tensor& router, double scale) {
    at::AutoDispatchBelowADInplaceOrView below;
    auto [output, logsumexp] = call_forward(query, keys, values, router, scale);
    torch::autograd::variable_list saved{query, router, logsumexp};
    saved.insert(saved.end(), keys.begin(), keys.end());
    saved.insert(saved.end(), values.begin(), values.end());
    context->save_for_backward(saved);
    context->saved_data["scale"] = scale;
    return output;
  }

  static torch::autograd::variable_list backward(
      torch::autograd::AutogradContext* context, const torch::autograd::variable_list& grads) {
    const auto saved = context->get_saved_variables();
    const size_t experts = (saved.size() - 3) / 2;
    const auto contexts = at::TensorList(saved).slice(3);
    auto [grad_query, grad_keys, grad_values, grad_router] = call_backward(
        grads[0], saved[0], contexts.slice(0, experts), contexts.slice(experts), saved[1], saved[2],
        context->saved_data["scale"].toDouble());
    torch::autograd::variable_list all{grad_query};
    all.insert(all.end(), grad_keys.begin(), grad_keys.end());
    all.insert(all.end(), grad_values.begin(), grad_values.end());
    all.push_back(grad_router);
    all.emplace_back();
    return all;
  }
};

at::Tensor differentiable(
    const at::Tensor& query, at::TensorList keys, at::TensorList values, const at::Tensor& router,
    std::optional<double> scale) {
  check(query, keys, values, router);
  return Attention::apply(query, keys, values, router, scale_of(query, scale));
}

at::Tensor plain(
    const at::Tensor& query, at::TensorList keys, at::TensorList values, const at::Tensor& router,
    std::optional<double> scale) {
  check(query, keys, values, router);
  return std::get<0>(call_forward(query, keys, values, router, scale_of(query, scale)));
}

MoeBackwardResult once(
    const at::Tensor& grad, const at::Tensor& query, at::TensorList keys, at::TensorList values,
    const at::Tensor& router, const at::Tensor& logsumexp, double scale) {
  refuse_double_backward(kName, grad, query, keys, values, router);
  at::AutoDispatchBelowADInplaceOrView below;
  return call_backward(grad, query, keys, values, router, logsumexp, scale);
}

MoeForwardResult forward_cpu(
    const at::Tensor& query, at::TensorList keys, at::TensorList values, const at::Tensor& router, double scale) {
  return moe_forward_with(cpu::moe_cross_attention_forward, query, keys, values, router, scale);
}

MoeBackwardResult backward_cpu(
    const at::Tensor& grad, const at::Tensor& query, at::TensorList keys, at::TensorList values,
    const at::Tensor& router, const at::Tensor& logsumexp, double scale) {
  return moe_backward_with(cpu::moe_cross_attention_backward, grad, query, keys, values, router, logsumexp, scale);
}

}  // namespace

at::Tensor moe_cross_attention(
    const at::Tensor& query, const std::vector<at::Tensor>& keys, const std::vector<at::Tensor>& values,
    const at::Tensor& router_probabilities, std::optional<double> scale) {
  static const auto op =
      c10::Dispatcher::singleton()
          .findSchemaOrThrow(kName, "")
          .typed<at::Tensor(
              const at::Tensor&, at::TensorList, at::TensorList, const at::Tensor&, std::optional<double>)>();
  return op.call(query, keys, values, router_probabilities, scale);
}

TORCH_LIBRARY_FRAGMENT(dsvlm, library) {
  library.def(
      "moe_cross_attention(Tensor query, Tensor[] keys, Tensor[] values, Tensor router_probabilities, "
      "float? scale=None) -> Tensor");
  library.def(
      "_moe_cross_attention_forward(Tensor query, Tensor[] keys, Tensor[] values, Tensor router_probabilities, "
      "float scale) -> (Tensor output, Tensor logsumexp)");
  library.def(
      "_moe_cross_attention_backward(Tensor grad, Tensor query, Tensor[] keys, Tensor[] values, "
      "Tensor router_probabilities, Tensor logsumexp, float scale) -> "
      "(Tensor query, Tensor[] keys, Tensor[] values, Tensor router_probabilities)");
}

TORCH_LIBRARY_IMPL(dsvlm, Autograd, library) {
  library.impl("moe_cross_attention", differentiable);
  library.impl("_moe_cross_attention_backward", once);
}

TORCH_LIBRARY_IMPL(dsvlm, CompositeExplicitAutograd, library) { library.impl("moe_cross_attention", plain); }

TORCH_LIBRARY_IMPL(dsvlm, CPU, library) {
  library.impl("_moe_cross_attention_forward", forward_cpu);
  library.impl("_moe_cross_attention_backward", backward_cpu);
}

}  // namespace dsvlm
