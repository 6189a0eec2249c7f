/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Conversions of half precision.
#pragma once

#include <cstdint>
#include <cstring>

typedef _Float16 __half;

inline float __half2float(__half value) { return static_cast<float>(value); }
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
