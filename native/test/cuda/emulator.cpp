/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "emulator.h"

#include <setjmp.h>
#include <ucontext.h>

#include <cstdio>
#include <cstdlib>
#include <set>
#include <tuple>
#include <vector>

extern const char __executable_start;  // the linker's

namespace emulator {
namespace {

constexpr size_t kStackBytes = 128 * 1024;

struct Copy {
  void* to;
  const void* from;
  size_t bytes;
};

// A thread with a stack of its own, made once. _setjmp and _longjmp then go to and from it: swapcontext also asks the
// system for its signals each time.
struct Fiber {
  bool made = false;
  jmp_buf place;
  std::vector<char> stack = std::vector<char>(kStackBytes);
  std::vector<Copy> copies;
  bool done = false;
  unsigned block_barriers = 0, warp_barriers = 0;  // that it has come to
  unsigned exchanges = 0;
};

struct Barrier {
  unsigned arrived = 0, passed = 0;
};

alignas(128) unsigned char memory[kSharedBytes];
unsigned char slots[2][kMostThreads][kSlotBytes];
std::vector<Fiber> fibers;
jmp_buf scheduler;
Barrier of_block, of_warp[kMostThreads / 32];
const std::function<void()>* running;
unsigned current, current_block, thread_count;
std::set<std::tuple<ptrdiff_t, unsigned, size_t>> launches;

void leave() {
  if (_setjmp(fibers[current].place) == 0) {
    _longjmp(scheduler, 1);
  }
}

void start() {
  for (;;) {
    (*running)();
    fibers[current].done = true;
    leave();
  }
}

// Runs a thread until it leaves.
void enter(Fiber& fiber) {
  if (_setjmp(scheduler) != 0) {
    return;
  }
  if (fiber.made) {
    _longjmp(fiber.place, 1);
  }
  fiber.made = true;
  ucontext_t context;
  getcontext(&context);
  context.uc_stack.ss_sp = fiber.stack.data();
  context.uc_stack.ss_size = fiber.stack.size();
  context.uc_link = nullptr;
  makecontext(&context, start, 0);
  setcontext(&context);
}

void meet(Barrier& barrier, unsigned threads, unsigned& mine) {
  ++mine;
  if (++barrier.arrived == threads) {
    barrier.arrived = 0;
    ++barrier.passed;
  }
  while (barrier.passed < mine) {
    leave();
  }
}

// Whether the thread waits at a barrier that is not complete.
bool blocked(unsigned thread) {
  const Fiber& fiber = fibers[thread];
  return of_block.passed < fiber.block_barriers || of_warp[thread / 32].passed < fiber.warp_barriers;
}

}  // namespace

unsigned thread() { return current; }
unsigned block() { return current_block; }
void* shared_memory() { return memory; }
unsigned char (*next_slots()) [kSlotBytes] { return slots[fibers[current].exchanges++ % 2] + current / 32 * 32; }

void fail(const char* what) {
  fprintf(stderr, "%s, block %u, thread %u\n", what, current_block, current);
  exit(1);
}

void block_barrier() { meet(of_block, thread_count, fibers[current].block_barriers); }
void warp_barrier() { meet(of_warp[current / 32], 32, fibers[current].warp_barriers); }

void begin_copy(void* to, const void* from, size_t bytes) { fibers[current].copies.push_back({to, from, bytes}); }

void finish_copies() {
  for (const Copy& copy : fibers[current].copies) {
    if (copy.from != nullptr) {
      memcpy(copy.to, copy.from, copy.bytes);
    } else {
      memset(copy.to, 0, copy.bytes);
    }
  }
  fibers[current].copies.clear();
}

void note_launch(const void* kernel, unsigned threads, size_t shared_bytes) {
  launches.insert({static_cast<const char*>(kernel) - &__executable_start, threads, shared_bytes});
}

void write_launches(const char* path) {
  FILE* file = fopen(path, "w");
  if (file == nullptr) {
    fail("the launches cannot be written");
  }
  for (const auto& [address, threads, shared_bytes] : launches) {
    fprintf(file, "%tx\t%u\t%zu\n", address, threads, shared_bytes);
  }
  if (fclose(file) != 0) {
    fail("the launches cannot be written");
  }
}

void run(unsigned blocks, unsigned threads, size_t shared_bytes, const std::function<void()>& kernel) {
  if (blocks == 0 || threads == 0 || threads % 32 != 0 || threads > kMostThreads || shared_bytes > most_shared_bytes) {
    fail("no such launch");
  }
  if (fibers.size() < threads) {
    fibers = std::vector<Fiber>(threads);
  }
  running = &kernel;
  thread_count = threads;
  for (current_block = 0; current_block < blocks; ++current_block) {
    memset(memory, 0xff, sizeof memory);
    of_block = {};
    for (unsigned t = 0; t < threads; ++t) {
      of_warp[t / 32] = {};
      Fiber& fiber = fibers[t];
      fiber.done = false;
      fiber.block_barriers = fiber.warp_barriers = fiber.exchanges = 0;
      fiber.copies.clear();
    }
    for (unsigned left = threads, round = 0; left > 0; ++round) {
      bool moved = false;
      left = 0;
      for (unsigned i = 0; i < threads; ++i) {
        const unsigned t = (i * 37 + round * 11 + current_block) % threads;  // threads are a multiple of 32
        if (!fibers[t].done && !blocked(t)) {
          current = t;
          moved = true;
          enter(fibers[t]);
        }
        left += !fibers[t].done;
      }
      if (!moved && left > 0) {
        fail("threads wait for each other at different barriers");
      }
    }
  }
}

}  // namespace emulator
