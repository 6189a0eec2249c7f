/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Softmax cross entropy of rows of logits. With p = softmax(logits) and the label y of a row:
//
//   loss = log(sum(exp(logits))) - logits_y      d loss / d logits = p - onehot(y)
#pragma once

#include "kernels/tensor_view.h"

namespace dsvlm {

struct CrossEntropyRows {
  DType dtype;
  int64_t rows, classes;
  void* logits;           // [rows, classes], contiguous; becomes its gradient where gradients is set
  const int64_t* labels;  // [rows]; the loss of one that is no class is NaN
  double scale;           // of the gradients
  bool gradients;
  void* losses;  // [rows], in the accumulation type
};

}  // namespace dsvlm
