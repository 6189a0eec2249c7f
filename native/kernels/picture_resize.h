/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Antialiased resize of 8-bit RGB as Pillow computes it: rows first, then columns, integer weights of 22
// fractional bits, the values between the passes rounded to 8 bits. The caller brings the weights.
#pragma once

#include <cstdint>

namespace dsvlm {

constexpr int kResizeFractionBits = 22;

// Output i is the sum of weights[i * taps + k] times the input at begins[i] + k; what would lie past the
// input's end is left out.
struct ResizeAxis {
  int64_t input, outputs, taps;
  const int32_t* begins;
  const int32_t* weights;
};

struct PictureResize {
  const uint8_t* picture;  // [height, width, 3]
  int64_t height, width;
  // The picture lies at (top, left) of a canvas of one colour, as large as the axes' inputs.
  int64_t top, left;
  const uint8_t* colour;  // [3]
  ResizeAxis columns, rows;
  uint8_t* output;  // [rows.outputs, columns.outputs, 3]
};

namespace cpu {
void picture_resize_forward(const PictureResize& arguments);
}  // namespace cpu

}  // namespace dsvlm
