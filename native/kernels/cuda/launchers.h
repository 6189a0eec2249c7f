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
#include "kernels/gradient_norms.h"
#include "kernels/group_norm_silu.h"
#include "kernels/moe_cross_attention.h"
#include "kernels/perceptual_distance.h"
#include "kernels/ssim.h"

namespace dsvlm::cuda {

constexpr int64_t kMostHeadDim = 256;

// problem.head_dim is at most kMostHeadDim.
void moe_cross_attention_forward(const MoeForward& call, cudaStream_t stream);
int64_t moe_cross_attention_backward_workspace(const MoeBackward& call);
void moe_cross_attention_backward(const MoeBackward& call, void* workspace, cudaStream_t stream);

int64_t ssim_forward_workspace(const SsimForward& call);
void ssim_forward(const SsimForward& call, void* workspace, cudaStream_t stream);

int64_t perceptual_distance_forward_workspace(const PerceptualForward& call);
void perceptual_distance_forward(const PerceptualForward& call, void* workspace, cudaStream_t stream);
int64_t perceptual_distance_backward_workspace(const PerceptualBackward& call);
void perceptual_distance_backward(const PerceptualBackward& call, void* workspace, cudaStream_t stream);

void group_norm_silu_forward(const GroupNormSiluForward& call, cudaStream_t stream);
int64_t group_norm_silu_backward_workspace(const GroupNormSiluBackward& call);
void group_norm_silu_backward(const GroupNormSiluBackward& call, void* workspace, cudaStream_t stream);

// call.tensors is in host memory.
int64_t gradient_norms_workspace(const NormsForward& call);
void gradient_norms(const NormsForward& call, void* workspace, cudaStream_t stream);

// step.tensors is in host memory, step.gradient_scale on the device.
void adamw_update(const AdamWStep& step, cudaStream_t stream);

}  // namespace dsvlm::cuda
