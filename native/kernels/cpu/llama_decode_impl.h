/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// See kernels/llama_decode.h. Compiled once per instruction set, see simd.h.
//
// A token reads every weight once and computes little, so memory is the limit and everything else must not
// add to it: one parallel region for the whole token, five stages a layer, weights read where they lie.
// What lies between weights is float32 also where those are bfloat16; keys and values are stored in their type.
#pragma once

#include <omp.h>

#include "kernels/cpu/record_products.h"
#include "kernels/cpu/team.h"
#include "kernels/llama_decode.h"

namespace dsvlm::cpu::DSVLM_ISA {

// Bytes of weights in one part of a stage, and those of a whole stage that are worth another thread.
constexpr int64_t kPartBytes = 64 * 1024;
constexpr int64_t kThreadBytes = 256 * 1024;
// Vectors of values that are added up side by side.
constexpr int kValues = 4;
// Stages of a layer: q k v, attention, o, gate and up, down.
constexpr int kStages = 5;

template <typename T>
class Decoder {
 public:
  using A = Accumulator<T>;

  // What the threads share, and what each has for itself.
  struct Shared {
    A *stream, *projected, *attended, *activated;
    Stage* stages;
  };
  struct Own {
    A *normalised, *scores, *head, *products, *packed, *widened;
  };

  // Rows of a part: whole groups of those that are read side by side.
  static int64_t part_rows(int64_t rows, int64_t columns, int team) {
    const int64_t by_size = kPartBytes / (columns * static_cast<int64_t>(sizeof(T)));
    const int64_t by_team = (rows + 2 * team - 1) / (2 * team);
    const int64_t wanted = by_size < by_team ? by_size : by_team;
    return wanted < kRowsTogether ? kRowsTogether : wanted / kRowsTogether * kRowsTogether;
  }

  static int64_t most_part_rows(const LlamaDecode& p) {
    const int64_t attended = p.heads * p.head_dim, of_both = p.width < p.inner ? p.width : p.inner;
    const int64_t rows = kPartBytes / ((of_both < attended ? of_both : attended) * static_cast<int64_t>(sizeof(T)));
    return rows < kRowsTogether ? kRowsTogether : rows;
  }

  Decoder(const LlamaDecode& problem, const Shared& with_others, const Own& alone, int members)
      : p(problem), shared(with_others), own(alone), team(members), stage(with_others.stages) {}

  // A thread may come to a stage that is over, and whose inputs others write anew. It then computes with
  // them what no one reads, because no part is left for it.
  void run() {
    for (int64_t i = 0; i < p.layer_count; ++i) {
      layer(p.layers[i]);
    }
    normalise(p.norm);
    product(p.head, own.normalised, [this](int64_t row, int64_t rows, int64_t b, const A* values) {
      A* to = static_cast<A*>(p.logits) + b * p.head.rows + row;
      for (int64_t r = 0; r < rows; ++r) {
        to[r] = values[r];
      }
    });
  }

 private:
  static constexpr A kPerLog2 = static_cast<A>(1.4426950408889634);

  const LlamaDecode& p;
  const Shared shared;
  const Own own;
  const int team;
  Stage* stage;

  void layer(const DecodeLayer& l) {
    normalise(l.input_norm);
    project(l);
    attend(l);
    add_to_stream(l.output, shared.attended);
    normalise(l.post_attention_norm);
    gate(l);
    add_to_stream(l.down, shared.activated);
  }

  // Takes parts, which RUN is told the numbers of, until the stage is over; on to the next.
  template <typename Run>
  void share(int64_t parts, Run run_part) {
    for (int64_t taken; (taken = stage->take()) < parts;) {
      run_part(taken);
      stage->done();
    }
    stage->wait(parts);
    ++stage;
  }

  // Every thread for itself: sharing it out would take a wait more than it takes to compute.
  void normalise(const void* weight) {
    const T* factors = static_cast<const T*>(weight);
    for (int64_t b = 0; b < p.batch; ++b) {
      const A* x = shared.stream + b * p.width;
      A* y = own.normalised + b * p.width;
      double squares = 0;
#pragma omp simd reduction(+ : squares)
      for (int64_t i = 0; i < p.width; ++i) {
        squares += static_cast<double>(x[i]) * static_cast<double>(x[i]);
      }
      const A scale = static_cast<A>(1 / ::sqrt(squares / static_cast<double>(p.width) + p.eps));
#pragma omp simd
      for (int64_t i = 0; i < p.width; ++i) {
        y[i] = x[i] * scale * load(factors[i]);
      }
    }
  }

  // One vector a record, to be multiplied with weights. They are packed when first a part is taken.
  class Vectors {
   public:
    Vectors(const A* of_records, int64_t columns, int64_t count, const Own& own)
        : x_{of_records, columns, count, own.packed},
          columns_(columns),
          own_(own),
          packs_(packing_pays<A>(columns, count)) {}

    void multiply(const T* weight, int64_t rows, A* out, int64_t stride) {
      if (!packs_) {
        row_products<T>(weight, rows, columns_, x_.vectors, x_.stride, x_.count, out, stride);
        return;
      }
      if (!packed_) {
        pack(x_.vectors, x_.stride, columns_, x_.count, own_.packed);
        packed_ = true;
      }
      packed_products<T>(weight, rows, columns_, x_, out, stride, own_.widened);
    }

   private:
    const PackedVectors<A> x_;
    const int64_t columns_;
    const Own& own_;
    const bool packs_;
    bool packed_ = false;
  };

  Vectors vectors(const A* of_records, int64_t columns) { return Vectors(of_records, columns, p.batch, own); }

  // Products of `count` rows from `first` on, with biases, into own.products: [batch, rows of a part].
  void part(const DecodeProduct& m, Vectors& vectors, int64_t first, int64_t count, A* out, int64_t stride) {
    vectors.multiply(static_cast<const T*>(m.weight) + first * m.columns, count, out, stride);
    if (m.bias != nullptr) {
      const T* bias = static_cast<const T*>(m.bias) + first;
      for (int64_t b = 0; b < p.batch; ++b) {
        for (int64_t r = 0; r < count; ++r) {
          out[b * stride + r] += load(bias[r]);
        }
      }
    }
  }

  // One stage: all rows of m, handed on as SINK(first row, rows, record, values).
  template <typename Sink>
  void product(const DecodeProduct& m, const A* of_records, Sink sink) {
    Vectors vectors = this->vectors(of_records, m.columns);
    const int64_t rows = part_rows(m.rows, m.columns, team);
    share((m.rows + rows - 1) / rows, [&](int64_t taken) {
      const int64_t first = taken * rows, count = m.rows - first < rows ? m.rows - first : rows;
      part(m, vectors, first, count, own.products, rows);
      for (int64_t b = 0; b < p.batch; ++b) {
        sink(first, count, b, own.products + b * rows);
      }
    });
  }

  void add_to_stream(const DecodeProduct& m, const A* vectors) {
    product(m, vectors, [this](int64_t row, int64_t rows, int64_t b, const A* values) {
      A* to = shared.stream + b * p.width + row;
      for (int64_t r = 0; r < rows; ++r) {
        to[r] += values[r];
      }
    });
  }

  // q, k and v in one stage, [batch, (heads + 2 key_heads) head_dim].
  void project(const DecodeLayer& l) {
    const DecodeProduct* all[] = {&l.query, &l.key, &l.value};
    const int64_t columns = p.width, width = projected_width();
    const int64_t rows = part_rows(width, columns, team);
    Vectors normalised = vectors(own.normalised, columns);
    int64_t parts_before[4] = {0};
    for (int m = 0; m < 3; ++m) {
      parts_before[m + 1] = parts_before[m] + (all[m]->rows + rows - 1) / rows;
    }
    share(parts_before[3], [&](int64_t taken) {
      const int m = taken < parts_before[1] ? 0 : taken < parts_before[2] ? 1 : 2;
      const int64_t first = (taken - parts_before[m]) * rows;
      const int64_t count = all[m]->rows - first < rows ? all[m]->rows - first : rows;
      const int64_t before = m == 0 ? 0 : m == 1 ? l.query.rows : l.query.rows + l.key.rows;
      part(*all[m], normalised, first, count, shared.projected + before + first, width);
    });
  }

  int64_t projected_width() const { return (p.heads + 2 * p.key_heads) * p.head_dim; }

  // One head of one record at a time. The heads of a group share a key head; the first of them stores the
  // new key and value, and each takes those it needs from the projections.
  void attend(const DecodeLayer& l) {
    const int64_t group = p.heads / p.key_heads, width = projected_width();
    share(p.batch * p.heads, [&](int64_t taken) {
      const int64_t b = taken / p.heads, head = taken % p.heads, key_head = head / group;
      const A* projected = shared.projected + b * width;
      const A* value = projected + (p.heads + p.key_heads + key_head) * p.head_dim;
      const int64_t position = p.length - p.starts[b];
      A *query = own.head, *key = own.head + p.head_dim;
      turn(projected + head * p.head_dim, position, query);
      turn(projected + (p.heads + key_head) * p.head_dim, position, key);
      const int64_t place = (b * p.key_heads + key_head) * p.capacity * p.head_dim;
      T *keys = static_cast<T*>(l.keys) + place, *values = static_cast<T*>(l.values) + place;
      if (head % group == 0) {
        for (int64_t d = 0; d < p.head_dim; ++d) {
          store(keys + p.length * p.head_dim + d, key[d]);
          store(values + p.length * p.head_dim + d, value[d]);
        }
      }
      attend_one(query, key, value, keys, values, p.starts[b], shared.attended + taken * p.head_dim);
    });
  }

  // By the angles of its position: y = x cos + (-x2, x1) sin for the halves x1, x2.
  void turn(const A* x, int64_t position, A* y) const {
    const T* cos = static_cast<const T*>(p.cos) + position * p.head_dim;
    const T* sin = static_cast<const T*>(p.sin) + position * p.head_dim;
    const int64_t half = p.head_dim / 2;
    for (int64_t d = 0; d < half; ++d) {
      y[d] = x[d] * load(cos[d]) - x[d + half] * load(sin[d]);
      y[d + half] = x[d + half] * load(cos[d + half]) + x[d] * load(sin[d + half]);
    }
  }

  void attend_one(const A* query, const A* key, const A* value, const T* keys, const T* values, int64_t first, A* out) {
    const int64_t cached = p.length - first, all = padded<A>(cached + 1);
    A* scores = own.scores;
    score(query, keys + first * p.head_dim, cached, scores);
    scores[cached] = 0;
    for (int64_t d = 0; d < p.head_dim; ++d) {
      scores[cached] += query[d] * key[d];
    }
    for (int64_t t = cached + 1; t < all; ++t) {
      scores[t] = -static_cast<A>(INFINITY);
    }
    const A total = powers(scores, all);
    for (int64_t d = 0; d < p.head_dim; ++d) {
      out[d] = scores[cached] * value[d];
    }
    int64_t d = 0;
    for (; d + kValues * kLanes<A> <= p.head_dim; d += kValues * kLanes<A>) {
      add_values<kValues>(values + first * p.head_dim + d, cached, scores, out + d);
    }
    for (; d + kLanes<A> <= p.head_dim; d += kLanes<A>) {
      add_values<1>(values + first * p.head_dim + d, cached, scores, out + d);
    }
    for (; d < p.head_dim; ++d) {
      for (int64_t t = 0; t < cached; ++t) {
        out[d] += scores[t] * load(values[(first + t) * p.head_dim + d]);
      }
    }
    for (int64_t i = 0; i < p.head_dim; ++i) {
      out[i] /= total;
    }
  }

  // scores[t] = query . key t, as many keys at a time as lanes. The last of them stands in for those that are not
  // there, whose scores no one looks at.
  void score(const A* query, const T* keys, int64_t count, A* scores) const {
    for (int64_t t = 0; t < count; t += kLanes<A>) {
      Vector<A> sums[kLanes<A>];
      const T* of[kLanes<A>];
      for (int64_t j = 0; j < kLanes<A>; ++j) {
        of[j] = keys + (t + j < count ? t + j : count - 1) * p.head_dim;
        sums[j] = Vector<A>{};
      }
      int64_t d = 0;
      for (; d + kLanes<A> <= p.head_dim; d += kLanes<A>) {
        const Vector<A> q = load_vector(query + d);
#pragma GCC unroll 16
        for (int64_t j = 0; j < kLanes<A>; ++j) {
          sums[j] += q * load_wide(of[j] + d);
        }
      }
      transpose<A>(sums);
      Vector<A> result = sums[0];
      for (int64_t j = 1; j < kLanes<A>; ++j) {
        result += sums[j];
      }
      for (; d < p.head_dim; ++d) {
        for (int64_t j = 0; j < kLanes<A>; ++j) {
          result[j] += query[d] * load(of[j][d]);
        }
      }
      store_vector(scores + t, result);
    }
  }

  // scores in, exp((score - greatest) / sqrt(head_dim)) out, of whole vectors; returns their sum.
  A powers(A* scores, int64_t count) const {
    const A scale = static_cast<A>(1 / ::sqrt(static_cast<double>(p.head_dim))) * kPerLog2;
    Vector<A> greatest = load_vector(scores);
    for (int64_t t = kLanes<A>; t < count; t += kLanes<A>) {
      const Vector<A> next = load_vector(scores + t);
      greatest = next > greatest ? next : greatest;
    }
    A most = greatest[0];
    for (int64_t lane = 1; lane < kLanes<A>; ++lane) {
      most = greatest[lane] > most ? greatest[lane] : most;
    }
    Vector<A> total = {};
    for (int64_t t = 0; t < count; t += kLanes<A>) {
      const Vector<A> power = exp2_of((load_vector(scores + t) - most) * scale);
      store_vector(scores + t, power);
      total += power;
    }
    return sum_by_halves<A>(total);
  }

  // out += the sum of values by their weights, VECTORS of them, in two sums that do not wait for each other.
  template <int VECTORS>
  void add_values(const T* values, int64_t count, const A* weights, A* out) const {
    Vector<A> even[VECTORS], odd[VECTORS] = {};
    for (int v = 0; v < VECTORS; ++v) {
      even[v] = load_vector(out + v * kLanes<A>);
    }
    int64_t t = 0;
    for (; t + 2 <= count; t += 2) {
      const T *one = values + t * p.head_dim, *other = one + p.head_dim;
#pragma GCC unroll 8
      for (int v = 0; v < VECTORS; ++v) {
        even[v] += weights[t] * load_wide(one + v * kLanes<A>);
        odd[v] += weights[t + 1] * load_wide(other + v * kLanes<A>);
      }
    }
    for (; t < count; ++t) {
      for (int v = 0; v < VECTORS; ++v) {
        even[v] += weights[t] * load_wide(values + t * p.head_dim + v * kLanes<A>);
      }
    }
    for (int v = 0; v < VECTORS; ++v) {
      store_vector(out + v * kLanes<A>, even[v] + odd[v]);
    }
  }

  // x / (1 + exp(-x)), by the power that cannot overflow.
  static Vector<A> silu(Vector<A> x) {
    const Vector<A> power = exp2_of((x < 0 ? x : -x) * kPerLog2);
    return x * (x < 0 ? power : Vector<A>{} + 1) / (1 + power);
  }

  // silu(gate(x)) * up(x), the same rows of both.
  void gate(const DecodeLayer& l) {
    const int64_t rows = part_rows(p.inner, p.width, team);
    A* gates = own.products;
    A* ups = own.products + p.batch * rows;
    Vectors normalised = vectors(own.normalised, p.width);
    share((p.inner + rows - 1) / rows, [&](int64_t taken) {
      const int64_t first = taken * rows, count = p.inner - first < rows ? p.inner - first : rows;
      part(l.gate, normalised, first, count, gates, rows);
      part(l.up, normalised, first, count, ups, rows);
      for (int64_t b = 0; b < p.batch; ++b) {
        A* to = shared.activated + b * p.inner + first;
        A* gated = gates + b * rows;
        // Whole vectors: what lies behind a record's gates is the next one's, and not stored.
        for (int64_t r = 0; r < count; r += kLanes<A>) {
          const Vector<A> both = silu(load_vector(gated + r)) * load_vector(ups + b * rows + r);
          memcpy(to + r, &both, (count - r < kLanes<A> ? count - r : kLanes<A>)*sizeof(A));
        }
      }
    });
  }
};

// Threads for this much to read: a small model's stages are over before another thread has begun.
template <typename T>
int threads_for(const LlamaDecode& p) {
  const DecodeLayer* l = p.layers;
  int64_t weights = p.head.rows * p.head.columns;
  if (p.layer_count > 0) {
    weights += p.layer_count * ((2 * l->query.rows + l->key.rows + l->value.rows) * p.width + 3 * p.inner * p.width);
  }
  const int64_t products = (kStages - 1) * p.layer_count + 1;
  // Records that are read for as long as they are computed.
  const int64_t times = (p.batch + kVectorsTogether - 1) / kVectorsTogether;
  const int64_t worth = 1 + times * weights * static_cast<int64_t>(sizeof(T)) / products / kThreadBytes;
  const int most = omp_get_max_threads();
  return worth < most ? static_cast<int>(worth) : most;
}

inline int64_t longest(int64_t a, int64_t b) { return a > b ? a : b; }

// Where arrays lie in one piece of memory.
template <typename A>
struct Layout {
  int64_t bytes = 0;

  int64_t place(int64_t numbers) {
    const int64_t at = bytes;
    bytes += (numbers * static_cast<int64_t>(sizeof(A)) + 63) / 64 * 64;
    return at;
  }
};

template <typename T>
bool decode_of(const LlamaDecode& p) {
  using A = Accumulator<T>;
  const int threads = threads_for<T>(p);
  const int64_t heads_width = p.heads * p.head_dim;
  Layout<A> common, each;
  const int64_t stream = common.place(p.batch * p.width);
  const int64_t projected = common.place(p.batch * (heads_width + 2 * p.key_heads * p.head_dim));
  const int64_t attended = common.place(p.batch * heads_width);
  const int64_t activated = common.place(p.batch * p.inner);
  const int64_t normalised = each.place(p.batch * p.width), scores = each.place(padded<A>(p.capacity + 1));
  const int64_t heads = each.place(2 * p.head_dim);
  const int64_t products = each.place(2 * p.batch * Decoder<T>::most_part_rows(p) + kLanes<A>);
  const int64_t widest = longest(p.width, longest(p.inner, heads_width));
  const int64_t packed = each.place(packed_elements<A>(widest, p.batch));
  const int64_t widened = each.place(sizeof(T) < sizeof(A) ? packed_room<A>(widest) : 0);
  Scratch shared(1, common.bytes), own(threads, each.bytes);
  Scratch stages(1, (kStages * p.layer_count + 1) * static_cast<int64_t>(sizeof(Stage)));
  if (shared.failed() || own.failed() || stages.failed()) {
    return false;
  }
  memset(stages.at<char>(0), 0, (kStages * p.layer_count + 1) * sizeof(Stage));
  const auto in = [](const Scratch& memory, int64_t share, int64_t at) {
    return reinterpret_cast<A*>(memory.at<char>(share) + at);
  };
  A* first = in(shared, 0, stream);
  for (int64_t b = 0; b < p.batch; ++b) {
    const T* row = static_cast<const T*>(p.embeddings) + p.ids[b] * p.width;
    for (int64_t i = 0; i < p.width; ++i) {
      first[b * p.width + i] = load(row[i]);
    }
  }
#pragma omp parallel num_threads(threads)
  {
    const int thread = omp_get_thread_num();
    Decoder<T>(
        p, {first, in(shared, 0, projected), in(shared, 0, attended), in(shared, 0, activated), stages.at<Stage>(0)},
        {in(own, thread, normalised), in(own, thread, scores), in(own, thread, heads), in(own, thread, products),
         in(own, thread, packed), in(own, thread, widened)},
        omp_get_num_threads())
        .run();
  }
  return true;
}

bool forward(const LlamaDecode& call) { DSVLM_CALL_FOR_TYPE(decode_of, call.dtype, call) }

}  // namespace dsvlm::cpu::DSVLM_ISA
