/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Which instruction set the CPU kernels use. Each kernel is compiled once for every one of these, from
// the same *_impl.h, into a namespace of its own.
#pragma once

#include <new>

namespace dsvlm::cpu {

enum class Isa { baseline, avx2, avx512 };

// The best one that this processor has, up to the one that the environment variable DSVLM_CPU_ISA names
// (baseline, avx2, avx512); another name is an error. Asked once.
Isa isa();

}  // namespace dsvlm::cpu

// Defines OPERATOR_DIRECTION: what the namespaces of the instruction sets call DIRECTION, by the one that
// fits this processor. Each returns false if memory ran out.
#define DSVLM_DISPATCH_DIRECTION(OPERATOR, DIRECTION, ARGUMENTS)        \
  namespace dsvlm::cpu::avx2 {                                          \
  bool DIRECTION(const ARGUMENTS& call);                                \
  }                                                                     \
  namespace dsvlm::cpu::avx512 {                                        \
  bool DIRECTION(const ARGUMENTS& call);                                \
  }                                                                     \
  namespace dsvlm::cpu {                                                \
  void OPERATOR##_##DIRECTION(const ARGUMENTS& call) {                  \
    const Isa best = isa();                                             \
    const bool done = best == Isa::avx512 ? avx512::DIRECTION(call)     \
                      : best == Isa::avx2 ? avx2::DIRECTION(call)       \
                                          : baseline::DIRECTION(call);  \
    if (!done) {                                                        \
      throw std::bad_alloc();                                           \
    }                                                                   \
  }                                                                     \
  }

// Both directions of an operator, in the file that compiles its baseline.
#define DSVLM_DISPATCH(OPERATOR, PROBLEM)                          \
  DSVLM_DISPATCH_DIRECTION(OPERATOR, forward, PROBLEM##Forward)    \
  DSVLM_DISPATCH_DIRECTION(OPERATOR, backward, PROBLEM##Backward)
