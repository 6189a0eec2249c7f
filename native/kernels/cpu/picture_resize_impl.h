/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// See kernels/picture_resize.h. Compiled once per instruction set, see simd.h.
//
// The first pass takes a band of 16 rows at a time and turns it on its side, so that a weight meets the same
// column of all of them in one vector; the second has what it needs side by side as it is.
#pragma once

#include <immintrin.h>

#include "kernels/cpu/simd.h"
#include "kernels/picture_resize.h"

namespace dsvlm::cpu::DSVLM_ISA {

constexpr int64_t kBand = 16;

#if defined(__AVX512F__)
using Sums = __m512i;
inline Sums broadcast(int32_t value) { return _mm512_set1_epi32(value); }
inline Sums load_levels(const uint8_t* at) {
  return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
}
inline Sums add_product(Sums sum, Sums a, Sums b) { return _mm512_add_epi32(sum, _mm512_mullo_epi32(a, b)); }
inline void store_levels(Sums sum, uint8_t* to) {
  const Sums level = _mm512_max_epi32(_mm512_srai_epi32(sum, kResizeFractionBits), _mm512_setzero_si512());
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtusepi32_epi8(level));
}
#elif defined(__AVX2__)
using Sums = __m256i;
inline Sums broadcast(int32_t value) { return _mm256_set1_epi32(value); }
inline Sums load_levels(const uint8_t* at) {
  return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(at)));
}
inline Sums add_product(Sums sum, Sums a, Sums b) { return _mm256_add_epi32(sum, _mm256_mullo_epi32(a, b)); }
inline void store_levels(Sums sum, uint8_t* to) {
  const Sums level = _mm256_srai_epi32(sum, kResizeFractionBits);
  const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(level), _mm256_extracti128_si256(level, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(words, words));
}
#else
using Sums = __m128i;
inline Sums broadcast(int32_t value) { return _mm_set1_epi32(value); }
inline Sums load_levels(const uint8_t* at) {
  int32_t four;
  memcpy(&four, at, sizeof four);
  return _mm_cvtepu8_epi32(_mm_cvtsi32_si128(four));
}
inline Sums add_product(Sums sum, Sums a, Sums b) { return _mm_add_epi32(sum, _mm_mullo_epi32(a, b)); }
inline void store_levels(Sums sum, uint8_t* to) {
  const __m128i words = _mm_packus_epi32(_mm_srai_epi32(sum, kResizeFractionBits), _mm_setzero_si128());
  const int32_t four = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
  memcpy(to, &four, sizeof four);
}
#endif

constexpr int64_t kLevelsAtOnce = sizeof(Sums) / sizeof(int32_t);

inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
inline int64_t round_up(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

// Weights of output i that lie on the input.
inline int64_t taps_of(const ResizeAxis& axis, int64_t i) { return smaller(axis.taps, axis.input - axis.begins[i]); }

// First input position that any output looks at, and one past the last.
inline void range_of(const ResizeAxis& axis, int64_t* first, int64_t* end) {
  *first = axis.input;
  *end = 0;
  for (int64_t i = 0; i < axis.outputs; ++i) {
    *first = smaller(*first, axis.begins[i]);
    *end = larger(*end, axis.begins[i] + taps_of(axis, i));
  }
}

// 16 rows of 16 bytes become 16 columns. Four times, the rows of the two halves are dealt out by turns.
inline void transpose(const uint8_t* from, int64_t from_stride, uint8_t* to, int64_t to_stride) {
  __m128i rows[16], dealt[16];
  for (int i = 0; i < 16; ++i) {
    rows[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i * from_stride));
  }
  for (int turn = 0; turn < 4; ++turn) {
    for (int i = 0; i < 8; ++i) {
      dealt[2 * i] = _mm_unpacklo_epi8(rows[i], rows[i + 8]);
      dealt[2 * i + 1] = _mm_unpackhi_epi8(rows[i], rows[i + 8]);
    }
    for (int i = 0; i < 16; ++i) {
      rows[i] = dealt[i];
    }
  }
  for (int i = 0; i < 16; ++i) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i * to_stride), rows[i]);
  }
}

// Rows of the canvas, from column `first` to `end`.
struct CanvasRows {
  const PictureResize& call;
  int64_t first, end;
  uint8_t* blank;

  CanvasRows(const PictureResize& call, int64_t first, int64_t end, uint8_t* blank)
      : call(call), first(first), end(end), blank(blank) {
    for (int64_t i = 0; i < 3 * (end - first); ++i) {
      blank[i] = call.colour[i % 3];
    }
  }

  void copy(int64_t y, uint8_t* to) const {
    const int64_t from = larger(first, call.left), until = smaller(end, call.left + call.width);
    const bool inside = y >= call.top && y < call.top + call.height && from < until;
    if (!inside || from > first || until < end) {
      memcpy(to, blank, 3 * (end - first));
    }
    if (inside) {
      const uint8_t* row = call.picture + 3 * call.width * (y - call.top);
      memcpy(to + 3 * (from - first), row + 3 * (from - call.left), 3 * (until - from));
    }
  }
};

// band: columns of the canvas from `first` on, each of its three channels 16 rows high; out alike.
inline void convolve_band(const ResizeAxis& axis, int64_t first, const uint8_t* band, uint8_t* out) {
  constexpr int64_t parts = kBand / kLevelsAtOnce;
  const Sums half = broadcast(1 << (kResizeFractionBits - 1));
  for (int64_t x = 0; x < axis.outputs; ++x) {
    const int32_t* weights = axis.weights + x * axis.taps;
    const uint8_t* at = band + 3 * kBand * (axis.begins[x] - first);
    const int64_t taps = taps_of(axis, x);
    Sums sums[3 * parts];
    for (int64_t i = 0; i < 3 * parts; ++i) {
      sums[i] = half;
    }
    for (int64_t k = 0; k < taps; ++k, at += 3 * kBand) {
      const Sums weight = broadcast(weights[k]);
      for (int64_t i = 0; i < 3 * parts; ++i) {
        sums[i] = add_product(sums[i], weight, load_levels(at + i * kLevelsAtOnce));
      }
    }
    for (int64_t i = 0; i < 3 * parts; ++i) {
      store_levels(sums[i], out + 3 * kBand * x + i * kLevelsAtOnce);
    }
  }
}

// narrow: rows from `first` on, `stride` bytes apart, a multiple of 16.
inline void convolve_columns(
    const ResizeAxis& axis, int64_t first, const uint8_t* narrow, int64_t stride, int64_t width, uint8_t* out) {
  constexpr int64_t parts = kBand / kLevelsAtOnce;
  const Sums half = broadcast(1 << (kResizeFractionBits - 1));
  for (int64_t y = 0; y < axis.outputs; ++y) {
    const int32_t* weights = axis.weights + y * axis.taps;
    const uint8_t* rows = narrow + stride * (axis.begins[y] - first);
    const int64_t taps = taps_of(axis, y);
    for (int64_t x = 0; x < width; x += kBand) {
      Sums sums[parts];
      for (int64_t i = 0; i < parts; ++i) {
        sums[i] = half;
      }
      for (int64_t k = 0; k < taps; ++k) {
        const Sums weight = broadcast(weights[k]);
        for (int64_t i = 0; i < parts; ++i) {
          sums[i] = add_product(sums[i], weight, load_levels(rows + k * stride + x + i * kLevelsAtOnce));
        }
      }
      uint8_t levels[kBand];
      for (int64_t i = 0; i < parts; ++i) {
        store_levels(sums[i], levels + i * kLevelsAtOnce);
      }
      memcpy(out + y * width + x, levels, smaller(kBand, width - x));
    }
  }
}

bool forward(const PictureResize& call) {
  int64_t left, right, top, bottom;
  range_of(call.columns, &left, &right);
  range_of(call.rows, &top, &bottom);
  const int64_t width = 3 * call.columns.outputs, stride = round_up(width, kBand);
  const int64_t line = round_up(3 * (right - left), kBand);
  // Lines, the same on their side, a blank one; narrow lines on their side, and all of them upright.
  const int64_t work = (2 * kBand + 1) * line + kBand * stride;
  uint8_t* lines = static_cast<uint8_t*>(malloc(work + round_up(bottom - top, kBand) * stride));
  if (lines == nullptr) {
    return false;
  }
  uint8_t* band = lines + kBand * line;
  uint8_t* blank = band + kBand * line;
  uint8_t* narrow_band = blank + line;
  uint8_t* narrow = lines + work;
  memset(lines, 0, kBand * line);
  const CanvasRows canvas(call, left, right, blank);
  for (int64_t y = top; y < bottom; y += kBand) {
    for (int64_t row = 0; row < smaller(kBand, bottom - y); ++row) {
      canvas.copy(y + row, lines + row * line);
    }
    for (int64_t i = 0; i < line; i += 16) {
      transpose(lines + i, line, band + kBand * i, kBand);
    }
    convolve_band(call.columns, left, band, narrow_band);
    for (int64_t i = 0; i < stride; i += 16) {
      transpose(narrow_band + kBand * i, kBand, narrow + (y - top) * stride + i, stride);
    }
  }
  convolve_columns(call.rows, top, narrow, stride, width, call.output);
  free(lines);
  return true;
}

}  // namespace dsvlm::cpu::DSVLM_ISA
