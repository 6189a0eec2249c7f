/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// Attention to several contexts, forward and backward.
#pragma once

#include <cstdint>

namespace dsvlm::check {

void check_attention(int64_t shapes);

}  // namespace dsvlm::check
