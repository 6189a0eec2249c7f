/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * The encoder's features of pictures.
 *
 * @param hiddenStates of the vision tower, from what enters the first layer to the last layer's
 *     output, [pictures, tokens, vision width] each; none where no one asked for them
 * @param imageFeatures what the language model reads, [pictures, tokens, language width]
 */
public record Features(List<Tensor> hiddenStates, Tensor imageFeatures) {}
