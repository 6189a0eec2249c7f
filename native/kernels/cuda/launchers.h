/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// The CUDA side of kernels/*.h. All pointers are to device memory. Nothing here waits for the device:
// kernels go into the stream, and a launch that fails is left to cudaGetLastError. Scratch memory is the
// caller's: a *_workspace function says how many bytes, 0 if none.
#pragma once

#include <cuda_runtime_api.h>

#include "kernels/adamw.h"
#include "kernels/cross_entropy.h"
#include "kernels/gradient_norms.h"
#include "kernels/group_norm_silu.h"
#include "kernels/moe_cross_attention.h"
#include "kernels/perceptual_distance.h"
#include "kernels/ssim.h"

namespace dsvlm::cuda {

// Whether machine code, or PTX that the driver can compile, is here for the current device. The driver answers: what
// this library was built for depends on who built it.
bool has_code();

constexpr int64_t kMostHeadDim = 256;

// In float64 on any device that runs the kernels.
constexpr int64_t kShortDoubleHeadDim = 160;

// In float64 on the current device: kMostHeadDim where a block has shared memory for such tiles, else
// kShortDoubleHeadDim.
int64_t most_double_head_dim();

// problem.head_dim is at most kMostHeadDim, in float64 most_double_head_dim. In the types that keeps_context_outputs
// names, the forward may keep them, and the backward must have them.
int64_t moe_cross_attention_forward_workspace(const MoeForward& call);
void moe_cross_attention_forward(const MoeForward& call, void* workspace, cudaStream_t stream);
int64_t moe_cross_attention_backward_workspace(const MoeBackward& call);
void moe_cross_attention_backward(const MoeBackward& call, void* workspace, cudaStream_t stream);

int64_t ssim_forward_workspace(const SsimForward& call);
void ssim_forward(const SsimForward& call, void* workspace, cudaStream_t stream);

int64_t perceptual_distance_forward_workspace(const PerceptualForward& call);
void perceptual_distance_forward(const PerceptualForward& call, void* workspace, cudaStream_t stream);
int64_t perceptual_distance_backward_workspace(const PerceptualBackward& call);
void perceptual_distance_backward(const PerceptualBackward& call, void* workspace, cudaStream_t stream);

int64_t group_norm_silu_forward_workspace(const GroupNormSiluForward& call);
void group_norm_silu_forward(const GroupNormSiluForward& call, void* workspace, cudaStream_t stream);
int64_t group_norm_silu_backward_workspace(const GroupNormSiluBackward& call);
void group_norm_silu_backward(const GroupNormSiluBackward& call, void* workspace, cudaStream_t stream);

void cross_entropy_rows(const CrossEntropyRows& call, cudaStream_t stream);

// call.tensors is in host memory.
int64_t gradient_norms_workspace(const NormsForward& call);
void gradient_norms(const NormsForward& call, void* workspace, cudaStream_t stream);

// step.tensors is in host memory, step.gradient_scale on the device.
void adamw_update(const AdamWStep& step, cudaStream_t stream);

}  // namespace dsvlm::cuda
