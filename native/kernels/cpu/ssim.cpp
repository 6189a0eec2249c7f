/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#define DSVLM_ISA baseline
#include "kernels/cpu/ssim_backward_impl.h"
#include "kernels/cpu/isa.h"

#include <new>

DSVLM_DECLARE_FOR_ISA(avx2, Ssim)
DSVLM_DECLARE_FOR_ISA(avx512, Ssim)

namespace dsvlm::cpu {
namespace {

bool run_forward(const SsimForward& call) { DSVLM_CALL_FOR_ISA(forward, call) }

bool run_backward(const SsimBackward& call) { DSVLM_CALL_FOR_ISA(backward, call) }

}  // namespace

void ssim_forward(const SsimForward& arguments) {
  if (!run_forward(arguments)) {
    throw std::bad_alloc();
  }
}

void ssim_backward(const SsimBackward& arguments) {
  if (!run_backward(arguments)) {
    throw std::bad_alloc();
  }
}

}  // namespace dsvlm::cpu
