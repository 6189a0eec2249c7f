/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "kernels/cpu/isa.h"
#include "kernels/cpu/picture_resize_impl.h"

DSVLM_DISPATCH_DIRECTION(picture_resize, forward, PictureResize)
