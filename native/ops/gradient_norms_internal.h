/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// What the devices share of the norms: from tensors to the kernel's arguments.
#pragma once

#include <ATen/core/List.h>
#include <ATen/core/Tensor.h>

#include <optional>

#include "kernels/gradient_norms.h"
#include "ops/export.h"

namespace dsvlm {

using OptionalTensors = c10::List<std::optional<at::Tensor>>;

using NormsSignature = at::Tensor(const OptionalTensors&);

// For the CUDA library too. The tensors are checked; one of them at least is there.
DSVLM_EXPORT at::Tensor gradient_norms_with(void (*kernel)(const NormsForward&), const OptionalTensors& gradients);

}  // namespace dsvlm
