/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#define DSVLM_ISA baseline
#include "kernels/cpu/perceptual_distance_impl.h"
#include "kernels/cpu/isa.h"

#include <new>

DSVLM_DECLARE_FOR_ISA(avx2, Perceptual)
DSVLM_DECLARE_FOR_ISA(avx512, Perceptual)

namespace dsvlm::cpu {
namespace {

bool run_forward(const PerceptualForward& call) { DSVLM_CALL_FOR_ISA(forward, call) }

bool run_backward(const PerceptualBackward& call) { DSVLM_CALL_FOR_ISA(backward, call) }

}  // namespace

void perceptual_distance_forward(const PerceptualForward& arguments) {
  if (!run_forward(arguments)) {
    throw std::bad_alloc();
  }
}

void perceptual_distance_backward(const PerceptualBackward& arguments) {
  if (!run_backward(arguments)) {
    throw std::bad_alloc();
  }
}

}  // namespace dsvlm::cpu
