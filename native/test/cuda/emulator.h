/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Runs the blocks of a kernel one after the other, each thread on a stack of its own. A thread runs until it
// meets a barrier. Which one runs next changes from barrier to barrier, so that a missing one is found out.
// Shared memory is full of NaN when a block begins.
#pragma once

#include <cstddef>
#include <cstring>
#include <functional>

namespace emulator {

constexpr unsigned kMostThreads = 1024;
// What a block may ask for on an A100.
constexpr size_t kSharedBytes = 163 * 1024;

unsigned thread();
unsigned block();
void* shared_memory();

void block_barrier();
void warp_barrier();

void run(unsigned blocks, unsigned threads, size_t shared_bytes, const std::function<void()>& kernel);

// Copies that have begun: they happen when the thread waits for them, so that reading too early is found out.
void begin_copy(void* to, const void* from, size_t bytes);
void finish_copies();

[[noreturn]] void fail(const char* what);

constexpr size_t kSlotBytes = 64;
// A place for what a thread shows to the others of its warp.
unsigned char* slot(unsigned lane);

// The values of a warp's 32 threads.
template <typename A>
struct Exchanged {
  A values[32];
  A operator[](unsigned lane) const { return values[lane]; }
};

template <typename A>
Exchanged<A> exchange(const A& value) {
  static_assert(sizeof(A) <= kSlotBytes);
  memcpy(slot(thread() % 32), &value, sizeof value);
  warp_barrier();
  Exchanged<A> all;
  for (unsigned lane = 0; lane < 32; ++lane) {
    memcpy(&all.values[lane], slot(lane), sizeof(A));
  }
  warp_barrier();
  return all;
}

}  // namespace emulator
