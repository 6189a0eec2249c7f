/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// The operators as C++ functions: what JavaCPP binds for Java, and what C++ programs call. Python reaches
// the same operators by name after torch.ops.load_library. What takes tensors goes through LibTorch's
// dispatcher, so it is differentiable and runs where its tensors are.
#pragma once

#include "ops/adamw.h"
#include "ops/gradient_norms.h"
#include "ops/group_norm_silu.h"
#include "ops/linear.h"
#include "ops/linear_cross_entropy.h"
#include "ops/llama_decode.h"
#include "ops/moe_cross_attention.h"
#include "ops/perceptual_distance.h"
#include "ops/picture_resize.h"
#include "ops/ssim.h"

// JavaCPP writes torch::Tensor for at::Tensor; the header that says so is large.
namespace torch {
using at::Tensor;
}
