/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llama;

import java.util.function.Predicate;

/**
 * A training pass of a language model over one micro batch, as far as its cost depends on it.
 *
 * @param records of the batch
 * @param tokens of each record, padding included
 * @param answers tokens of the batch that the loss is taken on
 * @param trained whether all weights are trained
 * @param adapted tells for a linear layer's path whether LoRA adapts it
 * @param rank of LoRA
 * @param differentiated whether the embeddings that enter have a gradient, as a picture's have
 * @param recomputed whether layers run again in the backward pass
 */
public record LanguagePass(
    double records,
    double tokens,
    double answers,
    boolean trained,
    Predicate<String> adapted,
    int rank,
    boolean differentiated,
    boolean recomputed) {}
