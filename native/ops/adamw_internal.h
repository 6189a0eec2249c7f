/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// What the devices share of AdamW: from tensors to the kernel's arguments.
#pragma once

#include <ATen/core/List.h>
#include <ATen/core/Tensor.h>

#include <optional>

#include "kernels/adamw.h"
#include "ops/export.h"

namespace dsvlm {

using OptionalTensors = c10::List<std::optional<at::Tensor>>;

using AdamWSignature = void(
    at::TensorList, const OptionalTensors&, at::TensorList, at::TensorList, at::TensorList, const at::Tensor&,
    const std::optional<at::Tensor>&, double, double, double, double, double);

// Numbers of a step that all its tensors share.
struct AdamWSettings {
  double learning_rate, beta1, beta2, eps, weight_decay;
};

// For the CUDA library too: counts the steps up and calls the kernel, if there is anything to do for it. The arguments
// are checked.
DSVLM_EXPORT void adamw_with(
    void (*kernel)(const AdamWStep&), at::TensorList parameters, const OptionalTensors& gradients,
    at::TensorList exp_avgs, at::TensorList exp_avg_sqs, at::TensorList rounded, const at::Tensor& steps,
    const std::optional<at::Tensor>& gradient_scale, const AdamWSettings& settings);

}  // namespace dsvlm
