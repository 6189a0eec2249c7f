/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#define DSVLM_ISA baseline
#include "kernels/cpu/moe_cross_attention_backward_impl.h"
#include "kernels/cpu/isa.h"

#include <new>

DSVLM_DECLARE_FOR_ISA(avx2, Moe)
DSVLM_DECLARE_FOR_ISA(avx512, Moe)

namespace dsvlm::cpu {
namespace {

bool run_forward(const MoeForward& call) { DSVLM_CALL_FOR_ISA(forward, call) }

bool run_backward(const MoeBackward& call) { DSVLM_CALL_FOR_ISA(backward, call) }

}  // namespace

void moe_cross_attention_forward(const MoeForward& arguments) {
  if (!run_forward(arguments)) {
    throw std::bad_alloc();
  }
}

void moe_cross_attention_backward(const MoeBackward& arguments) {
  if (!run_backward(arguments)) {
    throw std::bad_alloc();
  }
}

}  // namespace dsvlm::cpu
