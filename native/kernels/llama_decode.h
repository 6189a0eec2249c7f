/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// One token for each record of a batch through a whole decoder of the Llama family, from its id to the
// logits of the next: embedding; in each layer RMSNorm, attention over the cache with rotary positions, and
// the gated MLP; the last norm and the head. All tensors are contiguous.
#pragma once

#include "kernels/tensor_view.h"

namespace dsvlm {

// y = W x + b.
struct DecodeProduct {
  const void* weight;  // [rows, columns]
  const void* bias;    // [rows], or null
  int64_t rows, columns;
};

struct DecodeLayer {
  const void *input_norm, *post_attention_norm;  // [width]
  DecodeProduct query, key, value, output, gate, up, down;
  // [batch, key_heads, capacity, head_dim], `length` tokens of it taken; the new one is written behind them.
  void *keys, *values;
};

struct LlamaDecode {
  DType dtype;
  int64_t batch, width, inner, heads, key_heads, head_dim, capacity, length;
  double eps;
  const int64_t* ids;      // [batch]
  const int64_t* starts;   // [batch], first token of the cache that is none of padding
  const void* embeddings;  // [vocabulary, width]
  const void *cos, *sin;   // [positions, head_dim]
  const DecodeLayer* layers;
  int64_t layer_count;
  const void* norm;  // [width]
  DecodeProduct head;
  void* logits;  // [batch, vocabulary], in the accumulation type
};

namespace cpu {
void llama_decode_forward(const LlamaDecode& arguments);
}  // namespace cpu

}  // namespace dsvlm
