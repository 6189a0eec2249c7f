/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "kernels/cpu/isa.h"

#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

namespace dsvlm::cpu {
namespace {

bool has(Isa isa) {
  switch (isa) {
    case Isa::avx512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl") && has(Isa::avx2);
    case Isa::avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
             __builtin_cpu_supports("bmi2");
    case Isa::baseline:
      return true;
  }
  return false;
}

// The best one that the processor has, up to the one wished for.
Isa choose() {
  constexpr struct {
    const char* name;
    Isa isa;
  } all[] = {{"avx512", Isa::avx512}, {"avx2", Isa::avx2}, {"baseline", Isa::baseline}};
  const char* wish = std::getenv("DSVLM_CPU_ISA");
  bool reached = wish == nullptr;
  for (const auto& candidate : all) {
    reached = reached || std::strcmp(wish, candidate.name) == 0;
    if (reached && has(candidate.isa)) {
      return candidate.isa;
    }
  }
  throw std::invalid_argument(std::string("DSVLM_CPU_ISA is ") + wish + "; it must be avx512, avx2 or baseline");
}

}  // namespace

Isa isa() {
  static const Isa chosen = choose();
  return chosen;
}

}  // namespace dsvlm::cpu
