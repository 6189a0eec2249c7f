/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Matrix products on row-major blocks in cache.
#pragma once

#include "kernels/cpu/simd.h"

namespace dsvlm::cpu::DSVLM_ISA {

// A tile is as many rows and vectors as leave room in the register file for a row of b and an element of a.
#if defined(__AVX512F__)
constexpr int kTileRows = 8, kTileVectors = 3;
#elif defined(__AVX2__)
constexpr int kTileRows = 6, kTileVectors = 2;
#else
constexpr int kTileRows = 4, kTileVectors = 2;
#endif

// A slice of b stays in the first-level cache while all rows of a go over it.
constexpr int64_t kSliceBytes = 32 * 1024;

// c[rows, vectors] (+)= a[rows, depth] b[depth, vectors]; element (i, l) of a is a[i * a_row + l * a_column].
template <typename A, int ROWS, int VECTORS, bool ADD>
inline void multiply_tile(
    A* c, int64_t c_row, const A* a, int64_t a_row, int64_t a_column, const A* b, int64_t b_row, int64_t depth) {
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
    A* c, int64_t c_row, const A* a, int64_t a_row, int64_t a_column, const A* b, int64_t b_row, int64_t columns,
    int64_t depth) {
  int64_t j = 0;
  while (j < columns) {
    // Four vectors are better shared out as two and two than as three and one.
    const int64_t vectors = (columns - j) / kLanes<A>;
    if (kTileVectors == 3 && (vectors == 3 || vectors > 4)) {
      multiply_tile<A, ROWS, kTileVectors, ADD>(c + j, c_row, a, a_row, a_column, b + j, b_row, depth);
      j += kTileVectors * kLanes<A>;
    } else if (vectors >= 2) {
      multiply_tile<A, ROWS, 2, ADD>(c + j, c_row, a, a_row, a_column, b + j, b_row, depth);
      j += 2 * kLanes<A>;
    } else {
      multiply_tile<A, ROWS, 1, ADD>(c + j, c_row, a, a_row, a_column, b + j, b_row, depth);
      j += kLanes<A>;
    }
  }
}

template <typename A, bool ADD>
inline void multiply_slice(
    A* c, int64_t c_row, const A* a, int64_t a_row, int64_t a_column, const A* b, int64_t b_row, int64_t rows,
    int64_t columns, int64_t depth) {
  int64_t i = 0;
  for (; i + kTileRows <= rows; i += kTileRows) {
    multiply_rows<A, kTileRows, ADD>(c + i * c_row, c_row, a + i * a_row, a_row, a_column, b, b_row, columns, depth);
  }
  for (; i + kTileRows / 2 <= rows; i += kTileRows / 2) {
    multiply_rows<A, kTileRows / 2, ADD>(
        c + i * c_row, c_row, a + i * a_row, a_row, a_column, b, b_row, columns, depth);
  }
  for (; i < rows; ++i) {
    multiply_rows<A, 1, ADD>(c + i * c_row, c_row, a + i * a_row, a_row, a_column, b, b_row, columns, depth);
  }
}

// c[rows, columns] = a[rows, depth] b[depth, columns], added to c if ADD. columns is a multiple of the
// vector's lanes; a may be read transposed, by its two strides.
template <typename A, bool ADD>
inline void multiply(
    A* c, int64_t c_row, const A* a, int64_t a_row, int64_t a_column, const A* b, int64_t b_row, int64_t rows,
    int64_t columns, int64_t depth) {
  const int64_t fits = kSliceBytes / static_cast<int64_t>(sizeof(A)) / columns;
  const int64_t slice = fits < kTileRows ? kTileRows : fits;
  int64_t first = slice < depth ? slice : depth;
  multiply_slice<A, ADD>(c, c_row, a, a_row, a_column, b, b_row, rows, columns, first);
  for (; first < depth; first += slice) {
    multiply_slice<A, true>(
        c, c_row, a + first * a_column, a_row, a_column, b + first * b_row, b_row, rows, columns,
        depth - first < slice ? depth - first : slice);
  }
}

}  // namespace dsvlm::cpu::DSVLM_ISA
