/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// LibTorch gives float32 products to BLAS. That of the JAR is OpenBLAS, whose threads are its own: with more
// than one it competes with OpenMP's, so it is kept to one and products leave the other cores idle.
// oneDNN is part of LibTorch too, serves its convolutions and bfloat16 products, and runs on OpenMP's threads:
// it takes the large products. Of the others, each of OpenMP's threads takes a piece to BLAS.
#include "ops/linear.h"

#include <dlfcn.h>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/List.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>
#include <c10/core/Scalar.h>
#include <c10/core/impl/TorchDispatchModeTLS.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "ops/autocast.h"
#include "ops/once_differentiable.h"
#include "ops/op.h"

namespace dsvlm {

TORCH_LIBRARY_FRAGMENT(dsvlm, library) { library.def("linear(Tensor x, Tensor weight, Tensor? bias=None) -> Tensor"); }

namespace {

constexpr const char* kName = "dsvlm::linear";

using Bias = std::optional<at::Tensor>;

const Op<at::Tensor(const at::Tensor&, const at::Tensor&, const Bias&)> linear_op(kName);

// Multiplications from which oneDNN is taken. It keeps a program for each number of rows that it has met, up to a
// thousand: batches of sentences differ in it, so small models would hold more programs than weights.
constexpr int64_t kLarge = int64_t{1} << 27;

// Multiplications below which waking other threads costs more than they take off.
constexpr int64_t kSmall = int64_t{1} << 20;

// Rows, or columns, of a piece come in multiples of what BLAS computes side by side.
constexpr int64_t kBlock = 16;

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

// What a tensor in plain memory of the CPU is dispatched by, at most.
constexpr c10::DispatchKeySet kPlain = c10::DispatchKeySet({c10::DispatchKey::CPU, c10::DispatchKey::AutocastCPU}) |
                                       c10::autograd_dispatch_keyset_with_ADInplaceOrView;

// A tensor that only stands for one, such as torch.compile's, has other keys.
bool is_plain_float(const at::Tensor& tensor) {
  return tensor.scalar_type() == at::kFloat && kPlain.has_all(tensor.key_set());
}

template <typename Function>
Function* of_openblas(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

// OpenBLAS's threads and OpenMP's take one another's time: small products then last as long as the scheduler's tick.
// How many it has is for the process to say. Another BLAS, such as MKL, starts no threads inside a parallel region.
bool blas_keeps_to_its_caller() {
  static auto* const threads = of_openblas<int()>("openblas_get_num_threads");
  return threads == nullptr || threads() == 1;
}

int64_t multiplications(const at::Tensor& x, const at::Tensor& weight) { return x.numel() * weight.size(0); }

// Whether LibTorch's own way is left. What that refuses goes there too, for its message. So does what a mode of
// Python watches: it sees one operator, and nothing on other threads.
bool is_ours(const at::Tensor& x, const at::Tensor& weight, const Bias& bias) {
  return is_plain_float(x) && is_plain_float(weight) && (!bias || is_plain_float(*bias)) && x.dim() >= 1 &&
         weight.dim() == 2 && x.size(-1) == weight.size(1) && (!bias || bias->sizes() == weight.sizes().slice(0, 1)) &&
         multiplications(x, weight) >= kSmall && !at::in_parallel_region() &&
         !c10::impl::TorchDispatchModeTLS::any_modes_set();
}

// Rows that share elements, as a sliding window's, are no memory layout to oneDNN.
bool rows_overlap(const at::Tensor& matrix) {
  const bool by_rows = matrix.stride(0) >= matrix.stride(1);
  const int64_t outer = matrix.stride(by_rows ? 0 : 1), inner = matrix.stride(by_rows ? 1 : 0);
  return inner > 0 && outer < inner * matrix.size(by_rows ? 1 : 0);
}

bool is_for_onednn(const at::Tensor& x, const at::Tensor& weight) {
  return multiplications(x, weight) >= kLarge && !rows_overlap(weight) && at::globalContext().userEnabledMkldnn() &&
         pointwise();
}

at::Tensor in_rows(const at::Tensor& x) { return x.reshape({-1, x.size(-1)}); }

void multiply(at::Tensor& out, const at::Tensor& rows, const at::Tensor& columns, const Bias& bias) {
  if (bias) {
    at::addmm_out(out, *bias, rows, columns);
  } else {
    at::mm_out(out, rows, columns);
  }
}

// The longer side of the result in one piece a thread.
at::Tensor in_pieces(const at::Tensor& x, const at::Tensor& weight, const Bias& bias) {
  const at::Tensor rows = in_rows(x);
  const at::Tensor columns = weight.t();
  at::Tensor out = at::empty({rows.size(0), columns.size(1)}, x.options());
  const int64_t side = out.size(0) >= out.size(1) ? 0 : 1;
  const int64_t length = out.size(side);
  at::parallel_for(0, (length + kBlock - 1) / kBlock, 1, [&](int64_t first, int64_t last) {
    // Dispatch keys are a thread's own.
    at::AutoDispatchBelowADInplaceOrView below;
    const int64_t from = first * kBlock;
    const int64_t count = std::min(last * kBlock, length) - from;
    at::Tensor piece = out.narrow(side, from, count);
    if (side == 0) {
      multiply(piece, rows.narrow(0, from, count), columns, bias);
    } else {
      multiply(piece, rows, columns.narrow(1, from, count), bias ? Bias(bias->narrow(0, from, count)) : bias);
    }
  });
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = weight.size(0);
  return out.view(shape);
}

at::Tensor product(const at::Tensor& x, const at::Tensor& weight, const Bias& bias) {
  at::AutoDispatchBelowADInplaceOrView below;
  if (is_for_onednn(x, weight)) {
    return pointwise()->call(x, weight, bias, "none", c10::List<std::optional<at::Scalar>>(), std::nullopt);
  }
  return blas_keeps_to_its_caller() ? in_pieces(x, weight, bias) : at::linear(x, weight, bias);
}

struct Linear : public torch::autograd::Function<Linear> {
  static at::Tensor forward(
      torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const Bias& bias) {
    // What no gradient will be computed from is not kept: the inputs of frozen layers.
    context->save_for_backward({needs_grad(weight) ? x : at::Tensor(), needs_grad(x) ? weight : at::Tensor()});
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

template <c10::DeviceType DEVICE>
at::Tensor autocast(const at::Tensor& x, const at::Tensor& weight, const Bias& bias) {
  const Autocast cast(DEVICE);
  return linear_op(cast.lower(x), cast.lower(weight), cast.lower(bias));
}

at::Tensor choose(const at::Tensor& x, const at::Tensor& weight, const Bias& bias) {
  if (!is_ours(x, weight, bias)) {
    return at::linear(x, weight, bias);
  }
  const bool recorded =
      at::GradMode::is_enabled() && (needs_grad(x) || needs_grad(weight) || (bias && needs_grad(*bias)));
  return recorded ? Linear::apply(x, weight, bias) : product(x, weight, bias);
}

}  // namespace

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const Bias& bias) {
  return linear_op(x, weight, bias);
}

TORCH_LIBRARY_IMPL(dsvlm, AutocastCPU, library) { library.impl("linear", autocast<at::kCPU>); }

TORCH_LIBRARY_IMPL(dsvlm, AutocastCUDA, library) { library.impl("linear", autocast<at::kCUDA>); }

TORCH_LIBRARY_IMPL(dsvlm, CompositeImplicitAutograd, library) { library.impl("linear", choose); }

}  // namespace dsvlm
