/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "ops/export.h"

namespace dsvlm {

// One step of AdamW on each parameter, in place. Lists have one entry a parameter:
//   parameters   any shape, contiguous, float32, float64 or bfloat16
//   gradients    of the parameter's shape and type, or bfloat16 beside float32; an undefined tensor leaves its
//                parameter as it is and does not count as a step
//   exp_avgs, exp_avg_sqs   the moments, of the parameter's shape and type
//   rounded      empty, or bfloat16 tensors that are given the new parameters' roundings: then the parameters are
//                float32, the masters of these
//   steps        float32 [parameters] on the CPU: steps of each so far, counted up here
//   gradient_scale   a number that every gradient is multiplied by, or none
// Recorded by no graph.
DSVLM_EXPORT void adamw_(
    const std::vector<at::Tensor>& parameters, const std::vector<at::Tensor>& gradients,
    const std::vector<at::Tensor>& exp_avgs, const std::vector<at::Tensor>& exp_avg_sqs,
    const std::vector<at::Tensor>& rounded, const at::Tensor& steps, const std::optional<at::Tensor>& gradient_scale,
    double learning_rate, double beta1, double beta2, double eps, double weight_decay);

}  // namespace dsvlm
