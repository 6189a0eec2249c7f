/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/adamw.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/library.h>

#include <cmath>
#include <string>

#include "ops/adamw_internal.h"
#include "ops/checks.h"
#include "ops/op.h"
#include "ops/views.h"

namespace dsvlm {

TORCH_LIBRARY_FRAGMENT(dsvlm, library) {
  const std::string arguments =
      "(Tensor(a!)[] parameters, Tensor?[] gradients, Tensor(b!)[] exp_avgs, Tensor(c!)[] exp_avg_sqs, "
      "Tensor(d!)[] rounded, Tensor(e!) steps, Tensor? gradient_scale, float learning_rate, float beta1=0.9, "
      "float beta2=0.999, float eps=1e-08, float weight_decay=0.01) -> ()";
  library.def(("adamw_" + arguments).c_str());
  library.def(("_adamw_" + arguments).c_str());
}

namespace {

constexpr const char* kName = "dsvlm::adamw_";

const Op<AdamWSignature> adamw_op(kName);
const Op<AdamWSignature> kernel_op("dsvlm::_adamw_");

std::string entry(const char* list, size_t index) { return list + ("[" + std::to_string(index) + "]"); }

void check_in_place(
    const Checks& checks, const char* list, size_t index, const at::Tensor& tensor, const at::Tensor& parameter) {
  const std::string name = entry(list, index), reference = entry("parameters", index);
  checks.defined(name.c_str(), tensor);
  checks.shape(name, tensor, "shaped like its parameter,", parameter.sym_sizes());
  TORCH_CHECK(tensor.is_contiguous(), kName, ": ", name, " must be contiguous: it is written in place");
  TORCH_CHECK(
      tensor.device() == parameter.device(), kName, ": ", name, " is on ", tensor.device().str(), ", but ", reference,
      " is on ", parameter.device().str());
}

void check_type(const char* list, size_t index, const at::Tensor& tensor, at::ScalarType wanted, const char* why) {
  TORCH_CHECK(
      tensor.scalar_type() == wanted, kName, ": ", entry(list, index), " is ", Checks::type_name(tensor.scalar_type()),
      ", but must be ", Checks::type_name(wanted), why);
}

void check_gradient(const Checks& checks, size_t index, const at::Tensor& gradient, const at::Tensor& parameter) {
  const std::string name = entry("gradients", index);
  checks.shape(name, gradient, "shaped like its parameter,", parameter.sym_sizes());
  const bool shorter = gradient.scalar_type() == at::kBFloat16 && parameter.scalar_type() == at::kFloat;
  if (!shorter) {
    check_type("gradients", index, gradient, parameter.scalar_type(), " as its parameter, or bfloat16 beside float32");
  }
  TORCH_CHECK(
      gradient.device() == parameter.device(), kName, ": ", name, " is on ", gradient.device().str(), ", but ",
      entry("parameters", index), " is on ", parameter.device().str());
}

void check_length(const char* list, size_t length, size_t parameters) {
  TORCH_CHECK(length == parameters, kName, ": ", list, " has ", length, " entries, but parameters has ", parameters);
}

void check(
    at::TensorList parameters, const OptionalTensors& gradients, at::TensorList exp_avgs, at::TensorList exp_avg_sqs,
    at::TensorList rounded, const at::Tensor& steps, const std::optional<at::Tensor>& gradient_scale,
    const AdamWSettings& settings) {
  const Checks checks(kName);
  const size_t count = parameters.size();
  TORCH_CHECK(count > 0, kName, ": parameters is empty");
  check_length("gradients", gradients.size(), count);
  check_length("exp_avgs", exp_avgs.size(), count);
  check_length("exp_avg_sqs", exp_avg_sqs.size(), count);
  if (!rounded.empty()) {
    check_length("rounded", rounded.size(), count);
  }
  checks.defined("steps", steps);
  checks.shape("steps", steps, "[parameters]", {static_cast<int64_t>(count)});
  TORCH_CHECK(
      steps.scalar_type() == at::kFloat && Checks::is_on_cpu(steps) && steps.is_contiguous(), kName,
      ": steps must be float32 on the CPU and contiguous, but is ", Checks::type_name(steps.scalar_type()), " on ",
      steps.device().str());
  for (size_t i = 0; i < count; ++i) {
    const at::Tensor& parameter = parameters[i];
    checks.defined(entry("parameters", i).c_str(), parameter);
    checks.floating(entry("parameters", i).c_str(), parameter);
    TORCH_CHECK(
        parameter.device() == parameters[0].device(), kName, ": ", entry("parameters", i), " is on ",
        parameter.device().str(), ", but parameters[0] is on ", parameters[0].device().str());
    check_in_place(checks, "parameters", i, parameter, parameter);
    check_in_place(checks, "exp_avgs", i, exp_avgs[i], parameter);
    check_type("exp_avgs", i, exp_avgs[i], parameter.scalar_type(), " as its parameter");
    check_in_place(checks, "exp_avg_sqs", i, exp_avg_sqs[i], parameter);
    check_type("exp_avg_sqs", i, exp_avg_sqs[i], parameter.scalar_type(), " as its parameter");
    if (!rounded.empty()) {
      check_type("parameters", i, parameter, at::kFloat, " to be the master of a rounded one");
      check_in_place(checks, "rounded", i, rounded[i], parameter);
      check_type("rounded", i, rounded[i], at::kBFloat16, "");
    }
    const std::optional<at::Tensor> gradient = gradients.get(i);
    if (gradient.has_value() && gradient->defined()) {
      check_gradient(checks, i, *gradient, parameter);
    }
  }
  if (gradient_scale.has_value()) {
    checks.defined("gradient_scale", *gradient_scale);
    TORCH_CHECK(
        gradient_scale->sym_numel() == 1 && gradient_scale->is_floating_point(), kName,
        ": gradient_scale must be one floating-point number, but has shape ",
        Checks::text(gradient_scale->sym_sizes()));
    TORCH_CHECK(
        gradient_scale->device() == parameters[0].device(), kName, ": gradient_scale is on ",
        gradient_scale->device().str(), ", but parameters[0] is on ", parameters[0].device().str());
  }
  const auto fraction = [](const char* name, double value) {
    TORCH_CHECK(value >= 0 && value < 1, kName, ": ", name, " must be at least 0 and below 1, but is ", value);
  };
  fraction("beta1", settings.beta1);
  fraction("beta2", settings.beta2);
  TORCH_CHECK(settings.eps >= 0, kName, ": eps must not be negative, but is ", settings.eps);
}

}  // namespace

void adamw_with(
    void (*kernel)(const AdamWStep&), at::TensorList parameters, const OptionalTensors& gradients,
    at::TensorList exp_avgs, at::TensorList exp_avg_sqs, at::TensorList rounded, const at::Tensor& steps,
    const std::optional<at::Tensor>& gradient_scale, const AdamWSettings& settings) {
  float* counts = steps.mutable_data_ptr<float>();
  std::vector<AdamWTensor> tensors;
  std::vector<at::Tensor> dense;  // gradients, for as long as the kernel reads them
  tensors.reserve(parameters.size());
  dense.reserve(parameters.size());
  for (size_t i = 0; i < parameters.size(); ++i) {
    const std::optional<at::Tensor> gradient = gradients.get(i);
    if (!gradient.has_value() || !gradient->defined()) {
      continue;
    }
    const double step = static_cast<double>(++counts[i]);
    const at::Tensor& parameter = parameters[i];
    dense.push_back(gradient->contiguous());
    parameter.unsafeGetTensorImpl()->bump_version();
    if (!rounded.empty()) {
      rounded[i].unsafeGetTensorImpl()->bump_version();
    }
    if (parameter.numel() > 0) {
      tensors.push_back(
          {dtype_of(parameter), dtype_of(*gradient), parameter.mutable_data_ptr(), dense.back().const_data_ptr(),
           exp_avgs[i].mutable_data_ptr(), exp_avg_sqs[i].mutable_data_ptr(),
           rounded.empty() ? nullptr : rounded[i].mutable_data_ptr(), parameter.numel(),
           settings.learning_rate / (1 - std::pow(settings.beta1, step)),
           1 / std::sqrt(1 - std::pow(settings.beta2, step))});
    }
  }
  if (tensors.empty()) {
    return;
  }
  const at::Tensor scale = gradient_scale.has_value() ? gradient_scale->to(at::kDouble) : at::Tensor();
  kernel(
      {tensors.data(), static_cast<int64_t>(tensors.size()), 1 - settings.learning_rate * settings.weight_decay,
       settings.beta1, settings.beta2, settings.eps, scale.defined() ? scale.const_data_ptr<double>() : nullptr});
}

namespace {

void call_kernel(
    at::TensorList parameters, const OptionalTensors& gradients, at::TensorList exp_avgs, at::TensorList exp_avg_sqs,
    at::TensorList rounded, const at::Tensor& steps, const std::optional<at::Tensor>& gradient_scale,
    double learning_rate, double beta1, double beta2, double eps, double weight_decay) {
  check(
      parameters, gradients, exp_avgs, exp_avg_sqs, rounded, steps, gradient_scale,
      {learning_rate, beta1, beta2, eps, weight_decay});
  at::AutoDispatchBelowADInplaceOrView below;
  kernel_op(
      parameters, gradients, exp_avgs, exp_avg_sqs, rounded, steps, gradient_scale, learning_rate, beta1, beta2, eps,
      weight_decay);
}

// Everything is written in place.
void adamw_meta(
    at::TensorList, const OptionalTensors&, at::TensorList, at::TensorList, at::TensorList, const at::Tensor&,
    const std::optional<at::Tensor>&, double, double, double, double, double) {}

void adamw_cpu(
    at::TensorList parameters, const OptionalTensors& gradients, at::TensorList exp_avgs, at::TensorList exp_avg_sqs,
    at::TensorList rounded, const at::Tensor& steps, const std::optional<at::Tensor>& gradient_scale,
    double learning_rate, double beta1, double beta2, double eps, double weight_decay) {
  adamw_with(
      cpu::adamw_update, parameters, gradients, exp_avgs, exp_avg_sqs, rounded, steps, gradient_scale,
      {learning_rate, beta1, beta2, eps, weight_decay});
}

}  // namespace

void adamw_(
    const std::vector<at::Tensor>& parameters, const std::vector<at::Tensor>& gradients,
    const std::vector<at::Tensor>& exp_avgs, const std::vector<at::Tensor>& exp_avg_sqs,
    const std::vector<at::Tensor>& rounded, const at::Tensor& steps, const std::optional<at::Tensor>& gradient_scale,
    double learning_rate, double beta1, double beta2, double eps, double weight_decay) {
  OptionalTensors optional;
  optional.reserve(gradients.size());
  for (const at::Tensor& gradient : gradients) {
    optional.push_back(gradient.defined() ? std::optional<at::Tensor>(gradient) : std::nullopt);
  }
  adamw_op(
      parameters, optional, exp_avgs, exp_avg_sqs, rounded, steps, gradient_scale, learning_rate, beta1, beta2, eps,
      weight_decay);
}

TORCH_LIBRARY_IMPL(dsvlm, CompositeExplicitAutograd, library) { library.impl("adamw_", call_kernel); }

TORCH_LIBRARY_IMPL(dsvlm, Meta, library) { library.impl("_adamw_", adamw_meta); }

TORCH_LIBRARY_IMPL(dsvlm, CPU, library) { library.impl("_adamw_", adamw_cpu); }

}  // namespace dsvlm
