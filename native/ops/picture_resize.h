/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <cstdint>

#include "ops/export.h"

namespace dsvlm {

// Antialiased resize of an 8-bit RGB picture [height, width, 3] that lies at (top, left) of a canvas of one
// colour, see kernels/picture_resize.h. On plain memory and the caller's thread: pictures are made ready by
// many threads at once, before there is any tensor.
DSVLM_EXPORT void resize_picture(
    const uint8_t* picture, int64_t height, int64_t width, int64_t canvas_height, int64_t canvas_width, int64_t top,
    int64_t left, const uint8_t* colour, const int32_t* column_begins, const int32_t* column_weights, int64_t columns,
    int64_t column_taps, const int32_t* row_begins, const int32_t* row_weights, int64_t rows, int64_t row_taps,
    uint8_t* output);

}  // namespace dsvlm
