/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Which instruction set the CPU kernels use. CMake compiles each kernel's file once for every one of these, into a
// namespace of its own that DSVLM_ISA names, see cmake/CpuKernels.cmake.
#pragma once

#include <new>

namespace dsvlm::cpu {

enum class Isa { baseline, avx2, avx512 };

// The best one that this processor has, up to the one that the environment variable DSVLM_CPU_ISA names
// (baseline, avx2, avx512); another name is an error. Asked once.
Isa isa();

}  // namespace dsvlm::cpu

// Only the baseline's compilation, which any processor can run, says which of them is called.
#ifdef DSVLM_DISPATCHER

// Defines OPERATOR_DIRECTION: what the namespaces of the instruction sets call DIRECTION, by the one that
// fits this processor. Each returns false if memory ran out.
#define DSVLM_DISPATCH_DIRECTION(OPERATOR, DIRECTION, ARGUMENTS)       \
  namespace dsvlm::cpu::avx2 {                                         \
  bool DIRECTION(const ARGUMENTS& call);                               \
  }                                                                    \
  namespace dsvlm::cpu::avx512 {                                       \
  bool DIRECTION(const ARGUMENTS& call);                               \
  }                                                                    \
  namespace dsvlm::cpu {                                               \
  void OPERATOR##_##DIRECTION(const ARGUMENTS& call) {                 \
    const Isa best = isa();                                            \
    const bool done = best == Isa::avx512 ? avx512::DIRECTION(call)    \
                      : best == Isa::avx2 ? avx2::DIRECTION(call)      \
                                          : baseline::DIRECTION(call); \
    if (!done) {                                                       \
      throw std::bad_alloc();                                          \
    }                                                                  \
  }                                                                    \
  }

#else
#define DSVLM_DISPATCH_DIRECTION(OPERATOR, DIRECTION, ARGUMENTS)
#endif

// Both directions of an operator.
#define DSVLM_DISPATCH(OPERATOR, PROBLEM)                       \
  DSVLM_DISPATCH_DIRECTION(OPERATOR, forward, PROBLEM##Forward) \
  DSVLM_DISPATCH_DIRECTION(OPERATOR, backward, PROBLEM##Backward)
