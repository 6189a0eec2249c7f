/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Matrix products on packed, row-major blocks in cache.
#pragma once

#include "kernels/cpu/simd.h"

namespace dsvlm::cpu::DSVLM_ISA {

// A tile is as many rows as leave room in the register file for two vectors of b and one of a.
#if defined(__AVX512F__)
constexpr int kTileRows = 8;
#elif defined(__AVX2__)
constexpr int kTileRows = 6;
#else
constexpr int kTileRows = 4;
#endif

// c[rows, vectors] (+)= a[rows, depth] b[depth, vectors]; element (i, l) of a is a[i * a_row + l * a_column].
template <typename A, int ROWS, int VECTORS, bool ADD>
inline void multiply_tile(
    A* c, int64_t c_row, const A* a, int64_t a_row, int64_t a_column, const A* b, int64_t b_row,
    int64_t depth) {
  using V = Vector<A>;
  V sum[ROWS][VECTORS];
  for (int i = 0; i < ROWS; ++i) {
    for (int j = 0; j < VECTORS; ++j) {
      sum[i][j] = ADD ? load_vector(c + i * c_row + j * kLanes<A>) : V{};
    }
  }
  for (int64_t l = 0; l < depth; ++l) {
    V right[VECTORS];
    for (int j = 0; j < VECTORS; ++j) {
      right[j] = load_vector(b + l * b_row + j * kLanes<A>);
    }
    for (int i = 0; i < ROWS; ++i) {
      A left = a[i * a_row + l * a_column];
      for (int j = 0; j < VECTORS; ++j) {
        sum[i][j] += left * right[j];
      }
    }
  }
  for (int i = 0; i < ROWS; ++i) {
    for (int j = 0; j < VECTORS; ++j) {
      store_vector(c + i * c_row + j * kLanes<A>, sum[i][j]);
    }
  }
}

template <typename A, int ROWS, bool ADD>
inline void multiply_rows(
    A* c, int64_t c_row, const A* a, int64_t a_row, int64_t a_column, const A* b, int64_t b_row,
    int64_t columns, int64_t depth) {
  constexpr int64_t kPair = 2 * kLanes<A>;
  int64_t j = 0;
  for (; j + kPair <= columns; j += kPair) {
    multiply_tile<A, ROWS, 2, ADD>(c + j, c_row, a, a_row, a_column, b + j, b_row, depth);
  }
  if (j < columns) {
    multiply_tile<A, ROWS, 1, ADD>(c + j, c_row, a, a_row, a_column, b + j, b_row, depth);
  }
}

// c[rows, columns] = a[rows, depth] b[depth, columns], added to c if ADD. columns is a multiple of the
// vector's lanes; a may be read transposed, by its two strides.
template <typename A, bool ADD>
inline void multiply(
    A* c, int64_t c_row, const A* a, int64_t a_row, int64_t a_column, const A* b, int64_t b_row,
    int64_t rows, int64_t columns, int64_t depth) {
  int64_t i = 0;
  for (; i + kTileRows <= rows; i += kTileRows) {
    multiply_rows<A, kTileRows, ADD>(
        c + i * c_row, c_row, a + i * a_row, a_row, a_column, b, b_row, columns, depth);
  }
  for (; i < rows; ++i) {
    multiply_rows<A, 1, ADD>(
        c + i * c_row, c_row, a + i * a_row, a_row, a_column, b, b_row, columns, depth);
  }
}

}  // namespace dsvlm::cpu::DSVLM_ISA
