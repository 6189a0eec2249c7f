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
// What a block may ask for: the most that there is, and on the device that is emulated.
constexpr size_t kSharedBytes = 227 * 1024;
inline size_t most_shared_bytes = kSharedBytes;

unsigned thread();
unsigned block();
void* shared_memory();

void block_barrier();
void warp_barrier();

// Keeps what every kernel was launched with; write_launches writes a line for each: its address in the program's file,
// the threads and the bytes of shared memory of a block.
void note_launch(const void* kernel, unsigned threads, size_t shared_bytes);
void write_launches(const char* path);

void run(unsigned blocks, unsigned threads, size_t shared_bytes, const std::function<void()>& kernel);

// Copies that have begun: they happen when the thread waits for them, so that reading too early is found out.
void begin_copy(void* to, const void* from, size_t bytes);
void finish_copies();

[[noreturn]] void fail(const char* what);

constexpr size_t kSlotBytes = 64;
// Places for what the threads of a warp show each other. They alternate, so that what is read is not written again
// before all have met once more.
unsigned char (*next_slots())[kSlotBytes];

// The values of a warp's 32 threads.
template <typename A>
struct Exchanged {
  A values[32];
  A operator[](unsigned lane) const { return values[lane]; }
};

template <typename A>
Exchanged<A> exchange(const A& value) {
  static_assert(sizeof(A) <= kSlotBytes);
  unsigned char (*const slots)[kSlotBytes] = next_slots();
  memcpy(slots[thread() % 32], &value, sizeof value);
  warp_barrier();
  Exchanged<A> all;
  for (unsigned lane = 0; lane < 32; ++lane) {
    memcpy(&all.values[lane], slots[lane], sizeof(A));
  }
  return all;
}

}  // namespace emulator
