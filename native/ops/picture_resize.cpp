/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/picture_resize.h"

#include "kernels/picture_resize.h"

namespace dsvlm {

void resize_picture(
    const uint8_t* picture, int64_t height, int64_t width, int64_t canvas_height, int64_t canvas_width, int64_t top,
    int64_t left, const uint8_t* colour, const int32_t* column_begins, const int32_t* column_weights, int64_t columns,
    int64_t column_taps, const int32_t* row_begins, const int32_t* row_weights, int64_t rows, int64_t row_taps,
    uint8_t* output) {
  cpu::picture_resize_forward(
      {picture,
       height,
       width,
       top,
       left,
       colour,
       {canvas_width, columns, column_taps, column_begins, column_weights},
       {canvas_height, rows, row_taps, row_begins, row_weights},
       output});
}

}  // namespace dsvlm
