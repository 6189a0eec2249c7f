/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import java.util.function.LongConsumer;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.models.llama.Answer;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;

/**
 * A conversation as the model takes it, made by {@link LlavaChat#prepare}. It owns its tensor until
 * {@link #close}, so it may be made on one thread and answered on another.
 *
 * @param ids each picture as its image tokens
 * @param pixelValues of its pictures, [pictures, 3, height, width] on the CPU; null without any
 * @param draws names its random draws: equal names and seeds give equal draws
 * @param room tokens of the model's context that are left for the answer, at least 1
 */
public record PreparedPrompt(long[] ids, @Nullable Tensor pixelValues, long draws, int room)
    implements AutoCloseable {
  /** The pixels, unless they are freed. */
  @Nullable Tensor livePixels() {
    return pixelValues == null
        ? null
        : Torch.live(pixelValues, "the prompt is closed; prepare it again");
  }

  /**
   * An answer to come, for {@link LlavaChat#join}.
   *
   * @param likeliest how many of the likeliest tokens are kept with each token's likelihood, or
   *     {@link Answer#NO_LIKELIHOODS}
   * @param listener hears of each token, the one that ends the answer included
   * @throws org.dsvlm.io.DsVlmException if prompt and answer do not fit into the model's context
   */
  public Answer answer(GenerationSettings settings, int likeliest, LongConsumer listener) {
    Answer answer = new Answer(ids, draws, settings.maxNewTokens(), settings, likeliest, listener);
    answer.requireRoom(ids.length + room);
    return answer;
  }

  @Override
  public void close() {
    if (pixelValues != null) {
      pixelValues.close();
    }
  }
}
