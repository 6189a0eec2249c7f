/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Which instruction set the CPU kernels use. Each kernel is compiled once for every one of these, from
// the same *_impl.h, into a namespace of its own.
#pragma once

namespace dsvlm::cpu {

enum class Isa { baseline, avx2, avx512 };

// The best one that this processor has, or the one that the environment variable DSVLM_CPU_ISA names
// (baseline, avx2, avx512) if the processor has it. Asked once.
Isa isa();

}  // namespace dsvlm::cpu

// Calls NAME of the namespace that fits this processor and returns what it does.
#define DSVLM_CALL_FOR_ISA(NAME, ...)                   \
  switch (::dsvlm::cpu::isa()) {                        \
    case ::dsvlm::cpu::Isa::avx512:                     \
      return ::dsvlm::cpu::avx512::NAME(__VA_ARGS__);   \
    case ::dsvlm::cpu::Isa::avx2:                       \
      return ::dsvlm::cpu::avx2::NAME(__VA_ARGS__);     \
    default:                                            \
      return ::dsvlm::cpu::baseline::NAME(__VA_ARGS__); \
  }

// Declares what every instruction set has; both are false if memory ran out.
#define DSVLM_DECLARE_FOR_ISA(ISA, PROBLEM)              \
  namespace dsvlm::cpu::ISA {                            \
  bool forward(const ::dsvlm::PROBLEM##Forward& call);   \
  bool backward(const ::dsvlm::PROBLEM##Backward& call); \
  }
