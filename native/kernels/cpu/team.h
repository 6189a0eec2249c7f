/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// How the threads of one OpenMP region go through many short stages together. OpenMP's own barrier puts
// threads to sleep at once where it is told to be passive, and waking them takes longer than such a stage.
// Compiled once per instruction set, see simd.h.
#pragma once

#include <sched.h>

#include "kernels/cpu/simd.h"

namespace dsvlm::cpu::DSVLM_ISA {

// A stage is some parts of work, which whoever is free takes. It is over when all of them are done, whether
// or not every thread was there: one that wakes up late or that other programs hold up between two parts
// is not waited for. All zeros is a stage that has not begun.
class Stage {
 public:
  // The next part that no one has taken; `parts` or more if there is none.
  int64_t take() { return __atomic_fetch_add(&taken_, 1, __ATOMIC_RELAXED); }

  bool all_taken(int64_t parts) const { return __atomic_load_n(&taken_, __ATOMIC_RELAXED) >= parts; }

  void done() { __atomic_fetch_add(&done_, 1, __ATOMIC_RELEASE); }

  // Until all parts are done: for a moment without sleep, then letting others run.
  void wait(int64_t parts) const {
    for (int i = 0; __atomic_load_n(&done_, __ATOMIC_ACQUIRE) < parts; ++i) {
      if (i < kSpins) {
        __builtin_ia32_pause();
      } else {
        sched_yield();
      }
    }
  }

 private:
  static constexpr int kSpins = 2000;
  alignas(64) int64_t taken_ = 0;
  alignas(64) int64_t done_ = 0;
};

}  // namespace dsvlm::cpu::DSVLM_ISA
