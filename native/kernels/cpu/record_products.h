/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// What row_products.h computes, for several vectors at once: lanes hold vectors instead of elements, so a weight is
// read once for all of them and no sum has to be taken across lanes. Every product adds the same terms in the same
// order as there, so the two agree bit for bit. Compiled once per instruction set, see simd.h.
#pragma once

#include "kernels/cpu/row_products.h"

namespace dsvlm::cpu::DSVLM_ISA {

// Elements of a vector that go into different sums of its product.
template <typename A>
constexpr int64_t kStride = kSums * kLanes<A>;

// Registers that vectors lie side by side in, and rows that share them: with kSums sums of each row, as many as there
// are registers for.
template <typename A>
constexpr int kRegisters = kLanes<A> < 16 ? 2 : 1;
template <typename A>
constexpr int kPackedRows = 6 / kRegisters<A>;
// Vectors side by side.
template <typename A>
constexpr int64_t kWidth = kRegisters<A> * kLanes<A>;

// Elements of `count` vectors when packed.
template <typename A>
inline int64_t packed_elements(int64_t columns, int64_t count) {
  return (count + kWidth<A> - 1) / kWidth<A> * kWidth<A> * columns;
}

// Whether it pays: lanes that are mostly full, and rows that stay in the first-level cache, where a row is read once
// for each lane.
template <typename A>
inline bool packing_pays(int64_t columns, int64_t count) {
  return 4 * count > 3 * kWidth<A> && kPackedRows<A> * columns * static_cast<int64_t>(sizeof(A)) <= kFirstLevelBytes;
}

template <int... I>
struct Places {};
template <int N, int... I>
struct PlacesUpTo : PlacesUpTo<N - 1, N - 1, I...> {};
template <int... I>
struct PlacesUpTo<0, I...> {
  using type = Places<I...>;
};

// Exchanges the half of each HALF lanes that the other vector is to have.
template <int HALF, typename V, int... I>
inline void exchange(V& a, V& b, Places<I...>) {
  constexpr int kAll = sizeof...(I);
  const V low = __builtin_shufflevector(a, b, ((I & HALF) != 0 ? kAll + I - HALF : I)...);
  b = __builtin_shufflevector(a, b, ((I & HALF) != 0 ? kAll + I : I + HALF)...);
  a = low;
}

// As many vectors as lanes, columns for rows.
template <typename A, int HALF = kLanes<A> / 2>
inline void transpose(Vector<A>* square) {
  if constexpr (HALF > 0) {
#pragma GCC unroll 16
    for (int i = 0; i < kLanes<A>; ++i) {
      if ((i & HALF) == 0) {
        exchange<HALF>(square[i], square[i + HALF], typename PlacesUpTo<kLanes<A>>::type());
      }
    }
    transpose<A, HALF / 2>(square);
  }
}

// Vectors in the order in which products read them: of each group side by side, element by element; first those
// elements that go into the first lane of the sums in row_products.h, then those of the second, and so on.
template <typename A>
void pack(const A* vectors, int64_t stride, int64_t columns, int64_t count, A* to) {
  const int64_t steps = columns / kStride<A>;
  for (int64_t first = 0; first < count; first += kWidth<A>) {
    for (int64_t k = 0; k < steps * kSums; ++k) {
      for (int64_t i = 0; i < kWidth<A>; i += kLanes<A>) {
        Vector<A> square[kLanes<A>];
#pragma GCC unroll 16
        for (int64_t j = 0; j < kLanes<A>; ++j) {
          const int64_t record = first + i + j;
          square[j] = record < count ? load_vector(vectors + record * stride + k * kLanes<A>) : Vector<A>{};
        }
        transpose<A>(square);
#pragma GCC unroll 16
        for (int64_t lane = 0; lane < kLanes<A>; ++lane) {
          store_vector(to + (lane * steps * kSums + k) * kWidth<A> + i, square[lane]);
        }
      }
    }
    to += kWidth<A> * steps * kStride<A>;
  }
}

// sums[lane][row][vector] of `steps` * kStride columns.
template <typename A, int ROWS>
inline void packed_sums(
    const A* weight, int64_t row_stride, int64_t steps, const A* packed, Vector<A> (*sums)[ROWS][kRegisters<A>]) {
  // The next rows, a part with each lane.
  const char* next = reinterpret_cast<const char*>(weight + ROWS * row_stride);
  const int64_t lines = ROWS * row_stride * static_cast<int64_t>(sizeof(A)) / 64;
  for (int lane = 0; lane < kLanes<A>; ++lane) {
    for (int64_t line = lane; line < lines; line += kLanes<A>) {
      __builtin_prefetch(next + 64 * line);
    }
    Vector<A> s[ROWS][kRegisters<A>][kSums] = {};
    const A* column = weight + lane;
    for (int64_t k = 0; k < steps; ++k) {
#pragma GCC unroll 4
      for (int u = 0; u < kSums; ++u) {
        Vector<A> x[kRegisters<A>];
#pragma GCC unroll 4
        for (int v = 0; v < kRegisters<A>; ++v) {
          x[v] = load_vector(packed + v * kLanes<A>);
        }
#pragma GCC unroll 8
        for (int r = 0; r < ROWS; ++r) {
          const A w = column[r * row_stride + u * kLanes<A>];
#pragma GCC unroll 4
          for (int v = 0; v < kRegisters<A>; ++v) {
            s[r][v][u] += w * x[v];
          }
        }
        packed += kWidth<A>;
      }
      column += kStride<A>;
    }
    for (int r = 0; r < ROWS; ++r) {
      for (int v = 0; v < kRegisters<A>; ++v) {
        Vector<A> all = s[r][v][0];
        for (int u = 1; u < kSums; ++u) {
          all += s[r][v][u];
        }
        sums[lane][r][v] = all;
      }
    }
  }
}

// As sum_by_halves adds lanes; the total is left in sums[0].
template <typename A, int ROWS>
inline void add_by_halves(Vector<A> (*sums)[ROWS][kRegisters<A>]) {
  constexpr int kLast = 16 / sizeof(A);
  for (int r = 0; r < ROWS; ++r) {
    for (int v = 0; v < kRegisters<A>; ++v) {
      for (int half = kLanes<A> / 2; half >= kLast; half /= 2) {
        for (int lane = 0; lane < half; ++lane) {
          sums[lane][r][v] += sums[lane + half][r][v];
        }
      }
      for (int lane = 1; lane < kLast; ++lane) {
        sums[0][r][v] += sums[lane][r][v];
      }
    }
  }
}

// Vectors and what is packed of them.
template <typename A>
struct PackedVectors {
  const A* vectors;
  int64_t stride, count;
  const A* packed;
};

template <typename T, int ROWS>
inline void packed_tile(
    const T* weight, const Accumulator<T>* wide, int64_t columns, const PackedVectors<Accumulator<T>>& x,
    Accumulator<T>* out, int64_t out_stride) {
  using A = Accumulator<T>;
  const int64_t steps = columns / kStride<A>;
  const A* packed = x.packed;
  for (int64_t first = 0; first < x.count; first += kWidth<A>, packed += kWidth<A> * steps * kStride<A>) {
    Vector<A> sums[kLanes<A>][ROWS][kRegisters<A>];
    packed_sums<A, ROWS>(wide, columns, steps, packed, sums);
    add_by_halves<A, ROWS>(sums);
    const int64_t count = x.count - first < kWidth<A> ? x.count - first : kWidth<A>;
    for (int r = 0; r < ROWS; ++r) {
      const A* totals = reinterpret_cast<const A*>(sums[0][r]);
      for (int64_t v = 0; v < count; ++v) {
        out[(first + v) * out_stride + r] = totals[v];
      }
      for (int64_t v = 0; steps * kStride<A> < columns && v < count; ++v) {
        A& total = out[(first + v) * out_stride + r];
        total =
            add_rest<T>(total, weight + r * columns, x.vectors + (first + v) * x.stride, steps * kStride<A>, columns);
      }
    }
  }
}

// Rows as they are computed with.
inline const float* widened(const float* rows, int64_t, float*) { return rows; }
inline const double* widened(const double* rows, int64_t, double*) { return rows; }
inline const float* widened(const BFloat16* rows, int64_t count, float* to) {
  int64_t i = 0;
  for (; i + kLanes<float> <= count; i += kLanes<float>) {
    store_vector(to + i, load_wide(rows + i));
  }
  for (; i < count; ++i) {
    to[i] = load(rows[i]);
  }
  return to;
}

template <typename T, int ROWS>
void packed_rows(
    const T* weight, int64_t rows, int64_t columns, const PackedVectors<Accumulator<T>>& x, Accumulator<T>* out,
    int64_t out_stride, Accumulator<T>* room) {
  int64_t r = 0;
  for (; r + ROWS <= rows; r += ROWS) {
    const T* at = weight + r * columns;
    packed_tile<T, ROWS>(at, widened(at, ROWS * columns, room), columns, x, out + r, out_stride);
  }
  if constexpr (ROWS > 1) {
    packed_rows<T, ROWS / 2>(weight + r * columns, rows - r, columns, x, out + r, out_stride, room);
  }
}

// Elements that packed_products needs for rows of another type than it computes in.
template <typename A>
constexpr int64_t packed_room(int64_t columns) {
  return kPackedRows<A> * columns;
}

// row_products of vectors that were packed.
template <typename T>
void packed_products(
    const T* weight, int64_t rows, int64_t columns, const PackedVectors<Accumulator<T>>& x, Accumulator<T>* out,
    int64_t out_stride, Accumulator<T>* room) {
  packed_rows<T, kPackedRows<Accumulator<T>>>(weight, rows, columns, x, out, out_stride, room);
}

}  // namespace dsvlm::cpu::DSVLM_ISA
