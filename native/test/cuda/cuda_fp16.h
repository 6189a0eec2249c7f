/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Conversions of half precision.
#pragma once

#include <cstdint>
#include <cstring>

typedef _Float16 __half;

// By a table: a processor without conversions takes a hundred times as long.
struct HalfTable {
  float values[1 << 16];

  HalfTable() {
    for (unsigned bits = 0; bits < 1 << 16; ++bits) {
      const uint16_t half = static_cast<uint16_t>(bits);
      __half value;
      memcpy(&value, &half, sizeof value);
      values[bits] = static_cast<float>(value);
    }
  }
};
inline const HalfTable half_table;

inline float __half2float(__half value) {
  uint16_t bits;
  memcpy(&bits, &value, sizeof bits);
  return half_table.values[bits];
}
inline __half __float2half_rn(float value) { return static_cast<__half>(value); }
inline uint16_t __half_as_ushort(__half value) {
  uint16_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}
inline __half __ushort_as_half(uint16_t bits) {
  __half value;
  memcpy(&value, &bits, sizeof value);
  return value;
}
