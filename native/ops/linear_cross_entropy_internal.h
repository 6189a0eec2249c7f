/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// What the devices share. With p = softmax(logits) of a row and n rows, the gradient of its logits is
// (p - onehot(label)) / n, known as soon as the logits are. So the forward goes through the rows in chunks, makes both
// gradients on the way and drops the chunk's logits; the backward scales what is kept.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "ops/linear.h"
#include "ops/views.h"

namespace dsvlm {

// The loss, and its gradients where they are wanted.
using LinearCrossEntropyResult = std::tuple<at::Tensor, at::Tensor, at::Tensor>;

// Of a chunk of rows: the sum of their losses, and the gradient of the logits, scaled, where it is wanted. The logits
// may be overwritten.
using RowsLoss = std::tuple<at::Tensor, at::Tensor>;
using RowsLossFunction = RowsLoss(at::Tensor logits, const at::Tensor& labels, double scale, bool gradient);

// chunk_logits: so many logits are in memory at a time; block_classes: of so many classes the weights' gradient is
// computed at a time.
inline LinearCrossEntropyResult linear_cross_entropy_forward_with(
    RowsLossFunction* rows_loss, int64_t chunk_logits, int64_t block_classes, const at::Tensor& hidden_states,
    const at::Tensor& weight, const at::Tensor& labels, int64_t chunk_rows, std::array<bool, 2> wanted) {
  const int64_t rows = hidden_states.size(0);
  const int64_t chunk = chunk_rows > 0 ? chunk_rows : std::max<int64_t>(1, chunk_logits / weight.size(0));
  const at::ScalarType dtype = hidden_states.scalar_type();
  const auto options = hidden_states.options().dtype(accumulator_of(hidden_states));
  at::Tensor loss = at::zeros({}, options);
  at::Tensor grad_hidden = wanted[0] ? at::empty_like(hidden_states, at::MemoryFormat::Contiguous) : at::Tensor();
  // Over many chunks a short type would round the sum away.
  at::Tensor grad_weight = wanted[1] ? at::zeros(weight.sizes(), options) : at::Tensor();
  for (int64_t begin = 0; begin < rows; begin += chunk) {
    const int64_t count = std::min(chunk, rows - begin);
    const at::Tensor states = hidden_states.narrow(0, begin, count);
    const auto [losses, grad_logits] = rows_loss(
        dsvlm::linear(states, weight, std::nullopt), labels.narrow(0, begin, count), 1 / static_cast<double>(rows),
        wanted[0] || wanted[1]);
    loss.add_(losses);
    if (wanted[0]) {
      grad_hidden.narrow(0, begin, count).copy_(dsvlm::linear(grad_logits, weight.t(), std::nullopt));
    }
    if (wanted[1]) {
      // In blocks, so that what is added is never as large as the sum.
      for (int64_t first = 0; first < weight.size(0); first += block_classes) {
        const int64_t classes = std::min(block_classes, weight.size(0) - first);
        grad_weight.narrow(0, first, classes)
            .add_(dsvlm::linear(grad_logits.narrow(1, first, classes).t(), states.t(), std::nullopt));
      }
    }
  }
  return {loss.div_(static_cast<double>(rows)), grad_hidden, wanted[1] ? grad_weight.to(dtype) : grad_weight};
}

}  // namespace dsvlm
