/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
// The kernels of a training step that are no losses: group normalisation, norms of gradients, AdamW.
#pragma once

#include <cstdint>

namespace dsvlm::check {

void check_step(int64_t shapes);

}  // namespace dsvlm::check
